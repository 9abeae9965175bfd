import EventLoop
import Messaging
import Observability
import OrderEvents
import Orders

@testable import OrderProcess

/// A replica of order-process: the pipeline of `order.accepted`, the outbox relay and the intake's consumer.
@Loop
final class ProcessReplica: SimulatedReplica {
    private var sources: [SimulatedSource] = []

    override init(_ name: String, _ world: World) {
        super.init(name, world)
        let sender = SimulatedSender(world.broker, brokerLink)
        let publisher = EventPublisher(sender, appID: "order-process")
        let records = SimulatedRecords(world.database, databaseLink, products: world.currencies)
        let metrics = Metrics()
        let skew = world.clockSkew()
        let handler = ProcessOrders(
            store: records, workflow: SimulatedWorkflows(world.redis, redisLink), publisher: publisher,
            metrics: ProcessingMetrics(metrics), events: EventFactory { WallClock.milliseconds() + skew })
        let queue = OrderTopology.WorkQueue.accepted.rawValue
        for name in [queue, OrderTopology.deadQueue(of: queue)] {
            let source = world.broker.source(of: name, brokerLink)
            sources.append(source)
            let pipeline = ConsumePipeline(
                queue: queue, from: source, to: sender, decoder: EventDecoder(OrderAccepted.self),
                handler: handler)
            run { try await pipeline.run() }
        }
        let ready = AsyncSignal()
        ready.set()
        let relay = OutboxRelay(records, publisher, after: ready, log: nil, metrics: metrics)
        run { try await relay.run() }
        let intake = IntakeConsumer(
            records, handler: handler, publisher: publisher, after: ready, log: nil, metrics: metrics)
        run { try await intake.run() }
    }

    override func reconnected(_ link: Link) {
        if link === brokerLink { for source in sources { source.reconnect() } }
    }

    override func disappear() async {
        await super.disappear()
        for source in sources {
            await source.stop()
            world.broker.remove(source)
        }
    }
}
