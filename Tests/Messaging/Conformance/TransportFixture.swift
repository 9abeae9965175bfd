import EventLoop
import Foundation
import MemoryAdapters
import Orders
import TestSupport
import Testing

@testable import AMQP
@testable import Messaging

/// The transports, which must behave alike.
enum Transports: String, CaseIterable, CustomTestStringConvertible {
    case memory, quorum, classic

    var testDescription: String { rawValue }

    /// The transports available here: RabbitMQ needs a server, named by `WAYBILL_TEST_SERVERS`.
    static var available: [Transports] { url == nil ? [.memory] : allCases }

    static let url: String? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path),
            let servers = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return nil }
        return (servers["rabbitmq"] as? [String: Any])?["uri"] as? String
    }()

    /// Runs `body` in a fixture with unique names.
    @Loop func withFixture(_ body: @Loop (any TransportFixture) async throws -> Void) async throws {
        let topology = OrderTopology(
            kind: self == .classic ? .classic : .quorum,
            retryPolicy: RetryPolicy(delays: [.milliseconds(80)]),
            prefix: "test.\(UUID().uuidString.prefix(8)).")
        let fixture: any TransportFixture =
            self == .memory
            ? MemoryTransportFixture(topology) : try await RabbitMQTransportFixture(topology, Self.url ?? "")
        do {
            try await body(fixture)
        } catch {
            try? await fixture.close()
            throw error
        }
        try await fixture.close()
    }
}

@Loop
protocol TransportFixture: AnyObject {
    var topology: OrderTopology { get }
    var sender: any MessageSender { get }
    func source(of queue: String, batchLimit: Int) async throws -> any MessageSource
    /// Interrupts the sources' connections: what they have not settled is redelivered.
    func interrupt() async throws
    /// Simulates the end of the process that read from `source`.
    func interrupt(afterStopping source: any MessageSource) async throws
    func depth(of queue: String) async throws -> Int
    func close() async throws
}

extension TransportFixture {
    var queue: String { topology.queue(.processed) }
    var deadLetters: String { OrderTopology.deadLetterQueue(of: queue) }
    var publisher: EventPublisher { EventPublisher(sender, appID: "test") }

    func source(of queue: String) async throws -> any MessageSource {
        try await source(of: queue, batchLimit: 128)
    }
}

final class MemoryTransportFixture: TransportFixture {
    let topology: OrderTopology
    let broker: MemoryBroker
    private var sources: [MemorySource] = []

    init(_ topology: OrderTopology) {
        self.topology = topology
        broker = MemoryBroker(topology.declarations)
    }

    var sender: any MessageSender { broker.sender() }

    func source(of queue: String, batchLimit: Int) async throws -> any MessageSource {
        let source = broker.source(of: queue, batchLimit: batchLimit)
        sources.append(source)
        return source
    }

    func interrupt() async throws { for source in sources { source.reconnect() } }

    func interrupt(afterStopping source: any MessageSource) async throws { try await interrupt() }

    func depth(of queue: String) async throws -> Int { broker.depth(of: queue) }

    func close() async throws {}
}

final class RabbitMQTransportFixture: TransportFixture {
    let topology: OrderTopology
    let client: AMQPClient
    let amqpPublisher: AMQPPublisher
    private let consuming: AMQPClient
    private var consumers: [AMQPConsumer] = []

    init(_ topology: OrderTopology, _ url: String) async throws {
        self.topology = topology
        let configuration = try AMQPConfiguration(url: url)
        client = AMQPClient(configuration, topology: topology.declarations)
        consuming = AMQPClient(configuration, topology: topology.declarations)
        amqpPublisher = AMQPPublisher(client)
        Loop.task { [client] in await client.run() }
        try await client.ready(within: .seconds(10))
        Loop.task { [consuming] in await consuming.run() }
        try await consuming.ready(within: .seconds(10))
    }

    var sender: any MessageSender { AMQPSender(amqpPublisher, exchange: topology.exchange) }

    func source(of queue: String, batchLimit: Int) async throws -> any MessageSource {
        let consumer = AMQPConsumer(consuming, queue: queue, batchLimit: batchLimit)
        consumers.append(consumer)
        try await eventually("the consumer is consuming") { consumer.isConsuming }
        return AMQPSource(consumer)
    }

    func interrupt() async throws {
        consuming.connection?.fail(AMQPError(.connectionLost))
        try await eventually("the consumers are reconnected") {
            consuming.isReady && consumers.allSatisfy(\.isConsuming)
        }
    }

    func interrupt(afterStopping source: any MessageSource) async throws {
        consumers = []
        let lost = consuming.connection
        lost?.fail(AMQPError(.connectionLost))
        try await eventually("all messages are requeued") {
            try await depth(of: queue) > 0 && consuming.isReady
        }
    }

    func depth(of queue: String) async throws -> Int {
        try await client.withChannel { channel throws(AMQPError) in
            try await channel.status(of: queue).messages
        }
    }

    func close() async throws {
        await consuming.shutdown()
        let declarations = topology.declarations
        try await client.withChannel { channel throws(AMQPError) in
            for queue in declarations.queues { try await channel.deleteQueue(queue.name) }
            for exchange in declarations.exchanges { try await channel.deleteExchange(exchange.name) }
        }
        await client.shutdown()
    }
}
