import AMQP
import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders

/// Consumes `order.accepted`, and what the broker dead-lettered of it, once the schema is current.
@Loop
final class OrderConsumer: Service {
    private let database: RecordDatabase
    private let client: AMQPClient
    let queue: String
    private let make: @Loop (any MessageSource) -> ConsumePipeline<ProcessOrders>
    private var pipelines: [ConsumePipeline<ProcessOrders>] = []
    private var consumer: AMQPConsumer?
    private var isStopping = false

    /// Two batches: one in processing, one that arrives meanwhile.
    private static let prefetch: UInt16 = 256
    private static let batch = 128

    init(
        _ database: RecordDatabase, _ client: AMQPClient, _ topology: OrderTopology,
        sender: any MessageSender,
        handler: ProcessOrders, log: Logger, metrics: Metrics, tracer: Tracer
    ) {
        self.database = database
        self.client = client
        let queue = topology.queue(.accepted)
        self.queue = queue
        make = { source in
            ConsumePipeline(
                queue: queue, from: source, to: sender, decoder: EventDecoder(OrderAccepted.self),
                handler: handler, retryPolicy: topology.retryPolicy, log: log, metrics: metrics,
                tracer: tracer)
        }
    }

    func run() async throws {
        await database.ready.wait()
        if database.ready.isSet, !isStopping {
            let consumer = AMQPConsumer(client, queue: queue, prefetch: Self.prefetch, batchLimit: Self.batch)
            let dead = AMQPConsumer(client, queue: OrderTopology.deadQueue(of: queue), prefetch: 16)
            self.consumer = consumer
            pipelines = [make(AMQPSource(consumer)), make(AMQPSource(dead))]
            try await withThrowingTaskGroup { group in
                for pipeline in pipelines { group.addTask { try await pipeline.run() } }
                try await group.waitForAll()
            }
        }
        try await Loop.sleepUntilCancelled()
    }

    /// Takes no more messages and finishes the batch in hand.
    func drain(until deadline: Instant) async {
        isStopping = true
        await withTaskGroup { group in
            for pipeline in pipelines { group.addTask { await pipeline.drain(until: deadline) } }
        }
    }

    /// Whether a batch waits for an unavailable server.
    var isWaitingForDependency: Bool { pipelines.contains(where: \.isWaitingForDependency) }

    /// Messages delivered and not settled.
    var unsettled: Int { consumer?.unsettled ?? 0 }
}
