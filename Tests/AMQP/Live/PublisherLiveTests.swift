import EventLoop
import TestSupport
import Testing

@testable import AMQP

@Suite(.onLoop, .enabled(if: Broker.isThere), .timeLimit(.minutes(1)))
struct PublisherLiveTests {
    private func queue(_ purpose: String, _ arguments: AMQPTable = [:]) -> (String, AMQPTopology) {
        let name = Broker.name(purpose)
        var topology = AMQPTopology()
        topology.queues.append(AMQPTopology.Queue(name: name, arguments: arguments))
        return (name, topology)
    }

    @Test @Loop func publishReturnsAfterTheConfirm() async throws {
        let (queue, topology) = queue("confirm")
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            try await publisher.publish(message("one", to: queue))
            #expect(publisher.unconfirmed == 0)
            let status = try await client.withChannel { channel throws(AMQPError) in
                try await channel.status(of: queue)
            }
            #expect(status == AMQPQueueStatus(messages: 1, consumers: 0))
        }
    }

    @Test @Loop func concurrentPublishesAreConfirmedInOrder() async throws {
        let (queue, topology) = queue("many")
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            let failures = await publisher.publish((0..<2000).map { message("\($0)", to: queue) })
            #expect(failures.count == 2000 && failures.allSatisfy { $0 == nil })
            let consumer = AMQPConsumer(client, queue: queue, prefetch: 300, batchLimit: 100)
            var texts: [String] = []
            while texts.count < 2000, let batch = await consumer.next() {
                #expect(batch.count <= 100 && consumer.unsettled <= 300)
                texts += batch.map(text)
                consumer.ack(batch)
            }
            #expect(texts == (0..<2000).map { "\($0)" })
        }
    }

    @Test @Loop func anUnroutableMessageFailsAloneInABatch() async throws {
        let (queue, topology) = queue("return")
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            let nowhere = Broker.name("nowhere")
            let failures = await publisher.publish([
                message("a", to: queue), message("b", to: nowhere), message("c", to: queue),
            ])
            #expect(failures.map { $0?.code } == [nil, .returned, nil])
            #expect(failures[1]?.replyCode == 312)
            // Without message ids, returned messages are matched by body.
            var anonymous = AMQPMessage(exchange: "", routingKey: nowhere, body: [1])
            #expect(await publisher.publish([anonymous]).first??.code == .returned)
            anonymous.isMandatory = false
            try await publisher.publish(anonymous)
        }
    }

    @Test @Loop func nacksAreRetriedThenReported() async throws {
        let (queue, topology) = queue("nack", ["x-max-length": 1, "x-overflow": "reject-publish"])
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            try await publisher.publish(message("fits", to: queue))
            // Its attempts end before the deadline, at which one in flight would be unknown.
            let impatient = AMQPPublisher(client, nackLimit: 2)
            let refused = await impatient.publish([message("no", to: queue)], within: .seconds(10))
            #expect(refused.first??.code == .nacked)
            // The queue is emptied while the message waits for its next attempt.
            async let late: Void = publisher.publish(message("late", to: queue), within: .seconds(5))
            let taken = try await client.withChannel { channel throws(AMQPError) -> AMQPDelivery? in
                let delivery = try await channel.get(from: queue)
                if let delivery { try channel.ack(delivery) }
                return delivery
            }
            #expect(taken.map(text) == "fits")
            try await late
        }
    }

    @Test @Loop func aCancelledPublishIsUnknownAndTheMessageGoesOn() async throws {
        let (queue, topology) = queue("cancelled")
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            let error = await failure {
                try await withThrowingTaskGroup { group in
                    group.addTask { try await publisher.publish(message("gone", to: queue)) }
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
            #expect(error?.code == .cancelled && error?.isOutcomeUnknown == true)
            try await publisher.publish(message("next", to: queue))
            #expect(publisher.unconfirmed == 0)
            let consumer = AMQPConsumer(client, queue: queue, prefetch: 10)
            let waiting = Loop.task {
                var texts: [String] = []
                while let batch = await consumer.next() {
                    texts += batch.map(text)
                    consumer.ack(batch)
                }
                return texts
            }
            try await eventually("both are taken") { consumer.unsettled == 0 && consumer.isConsuming }
            waiting.cancel()
            // Nothing is handed to a task that has gone.
            let first = await waiting.value
            try await publisher.publish(message("last", to: queue))
            var texts = first
            while texts.count < 3, let batch = await consumer.next() { texts += batch.map(text) }
            #expect(texts == ["gone", "next", "last"])
        }
    }

    @Test @Loop func publishFailsWhenTheWindowIsFull() async throws {
        let (queue, topology) = queue("window")
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client, window: 4)
            let failures = await publisher.publish((0..<6).map { message("\($0)", to: queue) })
            #expect(failures.map { $0?.code } == [nil, nil, nil, nil, .overloaded, .overloaded])
            try await publisher.publish(message("again", to: queue))
        }
    }

    @Test @Loop func aMissingExchangeFailsAndThePublisherRecovers() async throws {
        let (queue, topology) = queue("exchange")
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            let missing = message("x", to: queue, exchange: Broker.name("missing"))
            let error = await failure { try await publisher.publish(missing) }
            #expect(error?.code == .connectionLost && error?.replyCode == 404)
            try await publisher.publish(message("after", to: queue), within: .seconds(5))
        }
    }

    /// Somebody has deleted it.
    @Test(arguments: ["binding", "queue", "exchange"])
    @Loop func topologyThatVanishesIsDeclaredAgain(what: String) async throws {
        var (queue, topology) = queue("vanishes")
        let exchange = Broker.name("vanishes")
        topology.addExchange(exchange)
        topology.bind(queue, to: exchange, routingKey: "key")
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            var missing = 0
            client.onEvent { if case .topologyMissing = $0 { missing += 1 } }
            try await publisher.publish(message("before", to: "key", exchange: exchange))
            try await client.withChannel { channel throws(AMQPError) in
                if what != "exchange" { try await channel.deleteQueue(queue) }
                if what == "exchange" { try await channel.deleteExchange(exchange) }
                // A queue without its binding.
                if what == "binding" {
                    try await channel.declare([
                        .queueDeclare(
                            name: queue, isDurable: true, isExclusive: false, isAutoDelete: false,
                            isPassive: false, arguments: [:])
                    ])
                }
            }
            // With an exchange that is gone, the channel is closed, and the outcome of this message is unknown.
            let failures = await publisher.publish([message("first", to: "key", exchange: exchange)])
            #expect(failures[0]?.code == (what == "exchange" ? .connectionLost : nil))
            #expect(missing == 1)
            try await publisher.publish(message("second", to: "key", exchange: exchange))
            try await eventually("the topology is declared") { !client.isTopologyMissing }
        }
    }

    /// The broker stops confirming, and nothing else.
    @Test @Loop func aChannelThatConfirmsNothingIsOpenedAgain() async throws {
        let (queue, topology) = queue("silent")
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        try await Broker.withClient(topology, through: proxy) { client in
            let publisher = AMQPPublisher(client)
            var events: [Bool] = []
            client.onEvent { if case .unconfirmed(let willReconnect) = $0 { events.append(willReconnect) } }
            try await publisher.publish(message("before", to: queue))
            proxy.dropsConfirms = true
            let lost = await publisher.publish([message("lost", to: queue)], within: .seconds(20))
            #expect(lost[0]?.isOutcomeUnknown == true && events == [false] && proxy.connections == 1)
            let again = await publisher.publish([message("again", to: queue)], within: .seconds(20))
            #expect(again[0]?.isOutcomeUnknown == true && events == [false, true])
            proxy.dropsConfirms = false
            try await client.ready(within: .seconds(10))
            try await publisher.publish(message("after", to: queue), within: .seconds(10))
            #expect(proxy.connections == 2)
        }
    }

    @Test @Loop func aLostConnectionMakesTheOutcomeUnknownAndPublishingResumes() async throws {
        let (queue, topology) = queue("lost")
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        try await Broker.withClient(topology, through: proxy) { client in
            let publisher = AMQPPublisher(client, connectionTimeout: .seconds(10))
            try await publisher.publish(message("before", to: queue))
            proxy.freeze()
            async let lost = publisher.publish([message("during", to: queue)], within: .seconds(20))
            try await eventually("a message is unconfirmed") { publisher.unconfirmed == 1 }
            proxy.cut()
            let failure = await lost[0]
            #expect(failure?.code == .connectionLost && failure?.isOutcomeUnknown == true)
            // Waits for the reconnect.
            try await publisher.publish(message("after", to: queue), within: .seconds(10))
            #expect(proxy.connections == 2)
        }
    }

    @Test @Loop func publishTimesOutAtItsDeadline() async throws {
        let (queue, topology) = queue("deadline")
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        try await Broker.withClient(topology, through: proxy) { client in
            let publisher = AMQPPublisher(client)
            try await publisher.publish(message("before", to: queue))
            proxy.freeze()
            let start = Instant.systemNow()
            let failures = await publisher.publish([message("during", to: queue)], within: .milliseconds(100))
            #expect(failures.first??.code == .timeout)
            #expect(start.duration(to: .systemNow()) < .seconds(2))
            proxy.isRefusing = true
            proxy.cut()
            try await eventually("the disconnect is detected") { client.connection == nil }
            let late = await publisher.publish([message("away", to: queue)], within: .seconds(5))
            #expect(late.first??.code == .notConnected)
        }
    }

    @Test @Loop func anAlarmBlocksPublishesAtOnce() async throws {
        let (queue, topology) = queue("alarm")
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        try await Broker.withClient(topology, through: proxy) { client in
            var states: [AMQPClient.State] = []
            client.onStateChange { states.append($0) }
            let publisher = AMQPPublisher(client)
            try await publisher.publish(message("before", to: queue))
            proxy.inject([1, 0, 0, 0, 0, 0, 8, 0, 10, 0, 60, 3, 0x6C, 0x6F, 0x77, 0xCE])
            try await eventually("the alarm is reported") { client.state == .blocked(reason: "low") }
            let failures = await publisher.publish([message("during", to: queue)])
            #expect(failures.first??.code == .blocked)
            proxy.inject([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 61, 0xCE])
            try await eventually("the alarm is cleared") { client.isReady }
            try await publisher.publish(message("after", to: queue))
            #expect(states == [.blocked(reason: "low"), .ready])
        }
    }
}
