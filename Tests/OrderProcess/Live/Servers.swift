import AMQP
import EventLoop
import Foundation
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import Postgres
import Redis
import WorkflowState

@testable import OrderProcess

/// The servers that the test run was given: `WAYBILL_TEST_SERVERS` names the JSON of `infra/local/servers`.
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
final class LiveBench {
    let redis: Redis.Client
    let broker: AMQP.Client
    let topology: OrderTopology
    let pool: Pool
    let sender: AMQPSender
    let workflow: RedisWorkflowStore
    private let seed = UInt64.random(in: 0 ... .max)
    private var replicas: [(pipeline: ConsumePipeline<ProcessOrders>, work: Task<Void, Never>)] = []

    private init(_ pool: Pool) throws {
        let servers = Servers.shared!
        var configuration = Redis.Configuration(
            endpoint: Endpoint(host: servers.redis.host, port: servers.redis.port))
        configuration.user = servers.redis.user
        configuration.password = servers.redis.password
        redis = Redis.Client(configuration)
        topology = OrderTopology(
            kind: .classic, ladder: RetryLadder(delays: [.milliseconds(50)]),
            prefix: "test.\(UUID().uuidString.prefix(8)).")
        broker = AMQP.Client(
            try AMQP.Configuration(url: servers.rabbitmq.uri), topology: topology.declarations)
        self.pool = pool
        sender = AMQPSender(Publisher(broker), exchange: topology.exchange)
        workflow = RedisWorkflowStore(redis, Lifetimes(workflow: .seconds(60)))
    }

    static func with(_ body: @Loop (LiveBench) async throws -> Void) async throws {
        var configuration = try Postgres.Configuration(url: Servers.shared!.postgres.uri)
        let schema = "test_\(UInt64.random(in: 0...UInt64.max))"
        let owner = try await Postgres.Connection.connect(configuration)
        defer { owner.close() }
        try await owner.script("CREATE SCHEMA \(schema)")
        configuration.settings["search_path"] = schema
        // Migrating sets a property of the whole database, which other schemas' runs do as well.
        try await owner.script("SELECT pg_advisory_lock(1)")
        try await Migrator(OrderDatabase.migrations).migrate(configuration)
        try await owner.script("SELECT pg_advisory_unlock(1)")
        let bench = try LiveBench(Pool(OrderDatabase.prepare(configuration)))
        let run = Loop.task { await bench.redis.run() }
        bench.broker.start()
        let result: Result<Void, any Error>
        do {
            try await bench.broker.untilReady(within: .seconds(10))
            result = .success(try await body(bench))
        } catch {
            result = .failure(error)
        }
        for replica in bench.replicas { await replica.pipeline.stop() }
        for replica in bench.replicas { await replica.work.value }
        try await bench.deleteQueues()
        await bench.broker.shutdown()
        bench.redis.close()
        await run.value
        await bench.pool.close()
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
    func addReplica() -> PostgresOrderStore {
        let store = PostgresOrderStore(pool)
        let process = ProcessOrders(
            store: store, workflow: workflow, publisher: EventPublisher(sender, appID: "order-process"),
            meters: ProcessMeters(Metrics()))
        let source = AMQPSource(Consumer(broker, queue: topology.queue(.accepted), batchLimit: 32))
        let pipeline = ConsumePipeline(
            queue: topology.queue(.accepted), from: source, to: sender,
            decoder: EventDecoder(OrderAccepted.self), handler: process, ladder: topology.ladder)
        replicas.append((pipeline, Loop.task { await pipeline.run() }))
        return store
    }

    func correlationID(_ number: Int) -> CorrelationID {
        CorrelationID(unixMilliseconds: UInt64(number), randomA: 0, randomB: seed)
    }

    func order(_ number: Int, product: String = "AZ-104") -> OrderAccepted {
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
                try publisher.prepare(order, in: MessageScope(correlationID: order.correlationID.description))
            )
        }
        for failure in await publisher.publish(messages, within: .seconds(10)) {
            if let failure { throw failure }
        }
    }

    func count(_ sql: String) async throws -> Int {
        Int(try await pool.query(Statement("SELECT count(*) FROM \(sql)", reused: false)).one().int64(0))
    }

    /// The workflows of the messages in a queue.
    func workflows(in queue: OrderTopology.WorkQueue) async -> [String] {
        let consumer = Consumer(broker, queue: topology.queue(queue))
        var ids: [String] = []
        let timer = Timer { Loop.task { await consumer.stop() } }
        timer.arm(after: .milliseconds(500))
        while let deliveries = await consumer.next() {
            ids += deliveries.map { $0.properties.correlationID ?? "" }
            timer.arm(after: .milliseconds(500))
        }
        timer.cancel()
        return ids
    }
}
