import AMQP
import EventLoop

@Loop func amqpExample() async throws {
    var topology = AMQPTopology()
    topology.addWorkQueue("greetings", kind: .quorum, retryDelays: [.seconds(1)])
    let url = "amqp://guest:guest@127.0.0.1:5672/"
    // One connection for publishing, one for consuming.
    let publishing = AMQPClient(try AMQPConfiguration(url: url), topology: topology)
    let consuming = AMQPClient(try AMQPConfiguration(url: url), topology: topology)
    let publisher = AMQPPublisher(publishing)
    let consumer = AMQPConsumer(consuming, queue: "greetings")
    let running = [publishing, consuming].map { client in Loop.task { await client.run() } }

    let message = AMQPMessage(
        exchange: "", routingKey: "greetings", properties: AMQPProperties(), body: Array("hello".utf8))
    try await publishing.ready(within: .seconds(5))
    try await publisher.publish(message, within: .seconds(2))
    if let deliveries = await consumer.next() { consumer.ack(deliveries) }

    await consumer.stop()
    await consuming.shutdown()
    await publishing.shutdown()
    for task in running { await task.value }
}
