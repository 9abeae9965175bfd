import AMQP
import EventLoop
import JSON
import Orders
import Postgres
import Redis
import TestSupport

/// Access to the stack's servers, for tests that need more than a client can do.
@Loop
final class ServerAccess {
    private let broker: AMQPClient
    private let publisher: AMQPPublisher
    private let redis: RedisClient
    private let redisRun: Task<Void, Never>
    private let pool: PostgresPool
    private var identifiers = CorrelationIDGenerator()

    static func with(_ stack: Stack, _ body: @Loop (ServerAccess) async throws -> Void) async throws {
        let servers = try await ServerAccess(stack)
        do { try await body(servers) } catch {
            await servers.close()
            throw error
        }
        await servers.close()
    }

    private init(_ stack: Stack) async throws {
        broker = AMQPClient(try AMQPConfiguration(url: stack.brokerURL))
        publisher = AMQPPublisher(broker)
        Loop.task { [broker] in await broker.run() }
        var configuration = RedisConfiguration(
            endpoint: Endpoint(host: stack.redis["host"]!.string!, port: UInt16(stack.redis["port"]!.int!)))
        configuration.user = stack.redis["user"]?.string
        configuration.password = stack.redis["password"]?.string
        let redis = RedisClient(configuration)
        self.redis = redis
        redisRun = Loop.task { await redis.run() }
        pool = PostgresPool(try PostgresConfiguration(url: stack.databaseURL))
        try await broker.ready(within: .seconds(10))
    }

    private func close() async {
        await broker.shutdown()
        redis.close()
        await redisRun.value
        await pool.close()
    }

    func newID() -> String {
        identifiers.make(
            unixMilliseconds: WallClock.milliseconds(), random: UInt64.random(in: 0 ... .max)
        ).description
    }

    /// Publishes a message as a service would; returns its id.
    func publish(
        _ type: String, _ body: JSONValue, workflow: String, attempt: Int64 = 1
    ) async throws -> String {
        var properties = AMQPProperties()
        let id = newID()
        properties.messageID = id
        properties.correlationID = workflow
        properties.type = "\(type).v1"
        properties.contentType = "application/json"
        properties.appID = "test"
        properties.headers.append("x-attempt", .int(attempt))
        try await publisher.publish(
            AMQPMessage(exchange: "orders", routingKey: type, properties: properties, body: body.encode()),
            within: .seconds(10))
        return id
    }

    func forget(_ keys: String...) async throws {
        for key in keys { _ = try await redis.command("DEL", key) }
    }

    func key(_ name: String) async throws -> String? { try await redis.command("GET", name).string }

    func rows(_ sql: String) async throws -> [String] {
        try await pool.query(PostgresStatement(sql, reused: false)).map { try $0.string(0) }
    }
}
