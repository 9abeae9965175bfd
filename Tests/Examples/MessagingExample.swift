import AMQP
import EventLoop
import Messaging
import OrderEvents
import Orders

@Loop func messagingExample() async throws {
    final class PrintOutcomes: EventHandler {
        func handle(_ batch: [Received<OrderProcessed>]) async throws -> [HandlingResult] {
            batch.map { received in
                print(received.event.orderID, received.envelope.attempt)
                return .done
            }
        }
    }
    let topology = OrderTopology()
    let broker = try AMQPConfiguration(url: "amqp://guest:guest@127.0.0.1:5672/")
    let publishing = AMQPClient(broker, topology: topology.declarations)
    let consuming = AMQPClient(broker, topology: topology.declarations)
    let sender = AMQPSender(AMQPPublisher(publishing), exchange: topology.exchange)
    let queue = topology.queue(.processed)
    let pipeline = ConsumePipeline(
        queue: queue, from: AMQPSource(AMQPConsumer(consuming, queue: queue)), to: sender,
        decoder: EventDecoder(OrderProcessed.self), handler: PrintOutcomes())
    let running = Loop.task { try await pipeline.run() }

    var identifiers = CorrelationIDGenerator()
    let id = identifiers.make(unixMilliseconds: WallClock.milliseconds(), random: .random(in: 0 ... .max))
    let event = OrderProcessed(
        correlationID: id, orderID: OrderID(1042)!, processedAt: Timestamp(milliseconds: 0))
    let publisher = EventPublisher(sender, appID: "example")
    try await publisher.publish(event, in: MessageContext(correlationID: id.description))

    await pipeline.drain(until: Loop.now + .seconds(10))
    running.cancel()
}
