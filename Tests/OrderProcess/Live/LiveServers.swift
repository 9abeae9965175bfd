import Bytes
import EventLoop
import Foundation
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import Postgres
import Redis
import TestSupport
import WorkflowState

@testable import AMQP
@testable import OrderProcess

/// The servers that the test run was given: `WAYBILL_TEST_SERVERS` names the JSON of `infra/local/bin/servers`.
struct Servers: Decodable {
    struct Redis: Decodable {
        let host: String
        let port: UInt16
        let user: String
        let password: String
    }
    struct Server: Decodable { let uri: String }
    let redis: Redis
    let rabbitmq: Server
    let postgres: Server

    static let shared: Servers? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return try? JSONDecoder().decode(Servers.self, from: data)
    }()
}

/// Queues, a schema and orders of a test's own on real servers, all gone afterwards.
@Loop
final class LiveFixture {
    let redis: RedisClient
    let broker: AMQPClient
    let topology: OrderTopology
    let pool: PostgresPool
    let sender: AMQPSender
    private let publisher: AMQPPublisher
    let workflow: RedisWorkflowStore
    private let seed = UInt64.random(in: 0 ... .max)
    private var replicas: [Replica] = []

    /// One order-process, with a connection of its own.
    @Loop
    final class Replica {
        let process: ProcessOrders
        fileprivate let client: AMQPClient
        fileprivate let consumer: AMQPConsumer
        fileprivate let pipeline: ConsumePipeline<ProcessOrders>
        fileprivate let work: Task<Void, Never>

        fileprivate init(_ store: any OrderStore, _ fixture: LiveFixture) async throws {
            process = ProcessOrders(
                store: store, workflow: fixture.workflow,
                publisher: EventPublisher(fixture.sender, appID: "order-process"),
                metrics: ProcessingMetrics(Metrics()))
            let queue = fixture.topology.queue(.accepted)
            client = AMQPClient(fixture.broker.configuration)
            Loop.task { [client] in await client.run() }
            try await client.ready(within: .seconds(10))
            consumer = AMQPConsumer(client, queue: queue, batchLimit: 32)
            pipeline = ConsumePipeline(
                queue: queue, from: AMQPSource(consumer), to: fixture.sender,
                decoder: EventDecoder(OrderAccepted.self), handler: process,
                retryPolicy: fixture.topology.retryPolicy)
            work = Loop.task { [pipeline] in try? await pipeline.run() }
        }

        /// Loses its connection: the broker delivers again what it has not settled, to anybody.
        func interrupt() async throws {
            client.connection?.fail(AMQPError(.connectionLost))
            try await eventually("it consumes again") { client.isReady && consumer.isConsuming }
        }

        fileprivate func stop() async {
            await pipeline.drain(until: Loop.now + .seconds(10))
            work.cancel()
            await client.shutdown()
        }
    }

    private init(_ pool: PostgresPool, _ kind: AMQPQueueType) throws {
        let servers = Servers.shared!
        var configuration = RedisConfiguration(
            endpoint: Endpoint(host: servers.redis.host, port: servers.redis.port))
        configuration.user = servers.redis.user
        configuration.password = servers.redis.password
        redis = RedisClient(configuration)
        topology = OrderTopology(
            kind: kind, retryPolicy: RetryPolicy(delays: [.milliseconds(50)]),
            prefix: "test.\(UUID().uuidString.prefix(8)).")
        broker = AMQPClient(
            try AMQPConfiguration(url: servers.rabbitmq.uri), topology: topology.declarations)
        self.pool = pool
        publisher = AMQPPublisher(broker)
        sender = AMQPSender(publisher, exchange: topology.exchange)
        workflow = RedisWorkflowStore(redis, Retention(workflow: .seconds(60)))
    }

    static func with(
        _ kind: AMQPQueueType = .classic, _ body: @Loop (LiveFixture) async throws -> Void
    ) async throws {
        var configuration = try PostgresConfiguration(url: Servers.shared!.postgres.uri)
        let schema = "test_\(UInt64.random(in: 0...UInt64.max))"
        let owner = try await PostgresConnection.connect(configuration)
        defer { owner.close() }
        try await owner.script("CREATE SCHEMA \(schema)")
        configuration.settings["search_path"] = schema
        // Migrating sets a property of the whole database, which other schemas' runs do as well.
        try await owner.script("SELECT pg_advisory_lock(1)")
        try await PostgresMigrator(OrderDatabase.migrations).migrate(configuration)
        try await owner.script("SELECT pg_advisory_unlock(1)")
        let fixture = try LiveFixture(PostgresPool(OrderDatabase.prepare(configuration)), kind)
        let run = Loop.task { await fixture.redis.run() }
        Loop.task { await fixture.broker.run() }
        let result: Result<Void, any Error>
        do {
            try await fixture.broker.ready(within: .seconds(10))
            result = .success(try await body(fixture))
        } catch {
            result = .failure(error)
        }
        for replica in fixture.replicas { await replica.stop() }
        try await fixture.deleteQueues()
        await fixture.broker.shutdown()
        fixture.redis.close()
        await run.value
        await fixture.pool.close()
        try await owner.script("DROP SCHEMA \(schema) CASCADE")
        try result.get()
    }

    private func deleteQueues() async throws {
        let declarations = topology.declarations
        try await broker.withChannel { channel throws(AMQPError) in
            for queue in declarations.queues { try await channel.deleteQueue(queue.name) }
            for exchange in declarations.exchanges { try await channel.deleteExchange(exchange.name) }
        }
    }

    /// One more order-process.
    /// - Parameter store: in place of its own.
    func addReplica(_ store: (any OrderStore)? = nil) async throws -> Replica {
        let replica = try await Replica(store ?? PostgresOrderStore(pool), self)
        replicas.append(replica)
        return replica
    }

    func correlationID(_ number: Int) -> CorrelationID {
        CorrelationID(unixMilliseconds: UInt64(number), randomA: 0, randomB: seed)
    }

    func order(_ number: Int, product: ProductID = "AZ-104") -> OrderAccepted {
        OrderAccepted(
            Order(
                id: OrderID(Int64(seed >> 20) * 64 + Int64(number))!, correlationID: correlationID(number),
                customer: UserID("LIVE-\(number % 7)")!, createdAt: Sample.time, status: .accepted,
                total: .zero, currency: .euro,
                lines: [
                    OrderLine(
                        productID: product, productName: "", imageURL: "",
                        unitPrice: Money(hundredths: 14_095), quantity: 2)
                ]))
    }

    func send(_ orders: [OrderAccepted]) async throws {
        let publisher = EventPublisher(sender, appID: "order-accept")
        var messages: [OutboundMessage] = []
        for order in orders {
            messages.append(
                try publisher.prepare(
                    order, in: MessageContext(correlationID: order.correlationID.description))
            )
        }
        for failure in await publisher.publish(messages, within: .seconds(10)) {
            if let failure { throw failure }
        }
    }

    /// Sends a message as it is, past everything that would refuse it.
    func send(raw body: [UInt8], of order: OrderAccepted, type: String = "order.accepted.v1") async throws {
        let envelope = Envelope(
            id: "raw-\(order.orderID)", correlationID: order.correlationID.description, type: type,
            timestamp: 0, appID: "test")
        try await sender.send(
            OutboundMessage(to: .event(key: "order.accepted"), envelope, body: body), within: .seconds(10))
    }

    /// As order-accept records a cancellation; the relay publishes it.
    ///
    /// - Returns: whether the order is cancelled.
    func cancel(_ order: OrderAccepted, in store: PostgresOrderStore) async throws -> Bool {
        let event = OrderCancelled(
            correlationID: order.correlationID, orderID: order.orderID, cancelledAt: Sample.time)
        var identifiers = MessageIdentifiers()
        func logged(_ event: some OrderEvent) -> LoggedEvent {
            LoggedEvent(
                type(of: event).type, payload: event.encode(),
                metadata: EventMetadata(messageID: identifiers.next(), correlationID: order.correlationID),
                occurredAt: Sample.time)
        }
        let record = OrderRecord(
            order, .cancelled, currency: .euro, acceptance: logged(order), outcome: logged(event))!
        return try await store.record([record])[0]?.status == .cancelled
    }

    func messages(of queue: OrderTopology.WorkQueue) async throws -> [DeadLetterQueue.Message] {
        let messages = DeadLetterQueue(of: topology.queue(queue), broker, publisher)
        return try await messages.list(limit: 1000)
    }

    func script(_ sql: String) async throws {
        try await pool.withConnection { connection in try await connection.script(sql) }
    }

    /// Rows of one column of text.
    func texts(_ sql: String) async throws -> [String] {
        try await pool.query(PostgresStatement(sql, reused: false)).map { try $0.string(0) }
    }

    func count(_ sql: String) async throws -> Int {
        Int(
            try await pool.query(PostgresStatement("SELECT count(*) FROM \(sql)", reused: false)).one().int64(
                0))
    }

    /// As order-accept leaves it.
    func accept(_ order: OrderAccepted) async throws {
        try await workflow.accept(
            Acceptance(
                correlationID: order.correlationID, owner: order.customer, orderID: order.orderID,
                pending: [1]))
    }

    func status(_ order: OrderAccepted) async throws -> String? {
        try await workflow.workflow(order.correlationID)?.status.text
    }

    /// The workflows of the messages in a queue.
    func workflows(in queue: OrderTopology.WorkQueue) async -> [String] {
        await messages(in: queue).map { $0.correlationID ?? "" }
    }

    /// The types of the messages in a queue, each message once, by their workflow.
    func types(in queue: OrderTopology.WorkQueue) async -> [String: [String]] {
        var seen: Set<String> = []
        var types: [String: [String]] = [:]
        for message in await messages(in: queue) where seen.insert(message.messageID ?? "").inserted {
            types[message.correlationID ?? "", default: []].append(message.type ?? "")
        }
        return types
    }

    private func messages(in queue: OrderTopology.WorkQueue) async -> [AMQPProperties] {
        let consumer = AMQPConsumer(broker, queue: topology.queue(queue))
        var messages: [AMQPProperties] = []
        let timer = Timer { Loop.task { await consumer.stop() } }
        timer.arm(after: .milliseconds(500))
        while let deliveries = await consumer.next() {
            messages += deliveries.map(\.properties)
            timer.arm(after: .milliseconds(500))
        }
        timer.cancel()
        return messages
    }
}
