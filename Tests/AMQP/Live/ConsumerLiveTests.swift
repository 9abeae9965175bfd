import EventLoop
import TestSupport
import Testing

@testable import AMQP

@Suite(.onLoop, .enabled(if: Broker.isThere), .timeLimit(.minutes(1)))
struct ConsumerLiveTests {
    private func workQueue(_ purpose: String, kind: AMQPQueueType, delays: [Duration] = []) -> (
        String, AMQPTopology
    ) {
        let name = Broker.name(purpose)
        var topology = AMQPTopology()
        topology.addWorkQueue(name, kind: kind, retryDelays: delays)
        return (name, topology)
    }

    @Test(arguments: [AMQPQueueType.quorum, .classic])
    @Loop func settlesAcksRejectsAndRequeues(kind: AMQPQueueType) async throws {
        let (queue, topology) = workQueue("settlement", kind: kind)
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            _ = await publisher.publish(["ack", "reject", "requeue"].map { message($0, to: queue) })
            let consumer = AMQPConsumer(client, queue: queue)
            for delivery in await take(3, from: consumer) {
                switch text(delivery) {
                case "ack": consumer.ack(delivery)
                case "reject": consumer.reject(delivery, requeue: false)
                default: consumer.reject(delivery, requeue: true)
                }
            }
            let again = await take(1, from: consumer)
            #expect(again.map(text) == ["requeue"] && again[0].isRedelivered)
            consumer.ack(again)
            let deadLetters = AMQPConsumer(client, queue: AMQPTopology.deadQueue(of: queue))
            let rejected = await take(1, from: deadLetters)
            #expect(rejected.map(text) == ["reject"])
            deadLetters.ack(rejected)
            #expect(consumer.unsettled == 0)
        }
    }

    @Test(arguments: [AMQPQueueType.quorum, .classic])
    @Loop func aRetryQueueDeadLettersBackAfterItsDelay(kind: AMQPQueueType) async throws {
        let delay = Duration.milliseconds(150)
        let (queue, topology) = workQueue("retry", kind: kind, delays: [delay])
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            let start = Instant.systemNow()
            try await publisher.publish(
                message("later", to: AMQPTopology.retryQueue(of: queue, after: delay)))
            let consumer = AMQPConsumer(client, queue: queue)
            let deliveries = await take(1, from: consumer)
            #expect(deliveries.map(text) == ["later"])
            #expect(start.duration(to: .systemNow()) >= delay)
            consumer.ack(deliveries)
        }
    }

    @Test @Loop func prefetchBoundsUnsettledDeliveries() async throws {
        let (queue, topology) = workQueue("prefetch", kind: .classic)
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            _ = await publisher.publish((0..<50).map { message("\($0)", to: queue) })
            let consumer = AMQPConsumer(client, queue: queue, prefetch: 10)
            let first = await take(10, from: consumer)
            #expect(first.count == 10 && consumer.unsettled == 10)
            // Out-of-order acks still free the whole prefetch window.
            for delivery in first.reversed() { consumer.ack(delivery) }
            var rest: [AMQPDelivery] = []
            while rest.count < 40, let batch = await consumer.next() {
                #expect(consumer.unsettled <= 10)
                rest += batch
                consumer.ack(batch.reversed())
            }
            #expect((first + rest).map(text) == (0..<50).map { "\($0)" })
        }
    }

    @Test @Loop func ignoresOldAcksAndRedeliversAfterAReconnect() async throws {
        let (queue, topology) = workQueue("reconnect", kind: .quorum)
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        try await Broker.withClient(topology, through: proxy) { client in
            let publisher = AMQPPublisher(client)
            _ = await publisher.publish((0..<3).map { message("\($0)", to: queue) })
            let consumer = AMQPConsumer(client, queue: queue)
            let old = await take(3, from: consumer)
            proxy.cut()
            try await eventually("the consumer is reconnected") {
                proxy.connections == 2 && consumer.isConsuming
            }
            consumer.ack(old)
            let again = await take(3, from: consumer)
            #expect(again.map(text) == old.map(text) && again.allSatisfy(\.isRedelivered))
            consumer.ack(again)
        }
    }

    @Test @Loop func aDeletedQueueIsDeclaredAndConsumedAgain() async throws {
        let (queue, topology) = workQueue("cancel", kind: .classic)
        try await Broker.withClient(topology) { client in
            let consumer = AMQPConsumer(client, queue: queue)
            try await eventually("the consumer is consuming") { consumer.isConsuming }
            try await client.withChannel { channel throws(AMQPError) in try await channel.deleteQueue(queue) }
            let publisher = AMQPPublisher(client)
            try await eventually("the queue is declared again") {
                await publisher.publish([message("new", to: queue)]).first! == nil
            }
            let deliveries = await take(1, from: consumer)
            #expect(deliveries.map(text) == ["new"])
            consumer.ack(deliveries)
        }
    }

    @Test @Loop func stoppingRequeuesDeliveriesNotHandedOut() async throws {
        let (queue, topology) = workQueue("stop", kind: .classic)
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            _ = await publisher.publish((0..<20).map { message("\($0)", to: queue) })
            let consumer = AMQPConsumer(client, queue: queue, batchLimit: 5)
            let batch = try #require(await consumer.next())
            await consumer.stop()
            #expect(await consumer.next() == nil)
            consumer.ack(batch)
            try await eventually("the rest is requeued") {
                try await client.withChannel { channel throws(AMQPError) in
                    try await channel.status(of: queue)
                } == AMQPQueueStatus(messages: 20 - batch.count, consumers: 0)
            }
        }
    }
}
