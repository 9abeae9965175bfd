import AMQP
import EventLoop
import OrderRecords
import Postgres
import Redis

/// The servers behind the services, for an operator: each is connected to when it is first needed, and stays
/// so, reconnecting, until ``close()``.
@Loop
final class Servers {
    /// How long a server may take to answer the first time.
    static let patience = Duration.seconds(5)

    private let addresses: ServerAddresses
    private var redisClient: Redis.Client?
    private var redisRun: Task<Void, Never>?
    private var brokerClient: AMQP.Client?
    private var publisher: Publisher?
    private var pool: Pool?

    init(_ addresses: ServerAddresses) { self.addresses = addresses }

    /// Redis, connected.
    func redis() async throws(CommandFailure) -> Redis.Client {
        do throws(RedisError) {
            let client: Redis.Client
            if let redisClient { client = redisClient } else { client = try openRedis() }
            try await client.ready(within: Self.patience)
            return client
        } catch {
            throw CommandFailure(error)
        }
    }

    /// RabbitMQ, connected, and who publishes there.
    func broker() async throws(CommandFailure) -> (client: AMQP.Client, publisher: Publisher) {
        do throws(AMQPError) {
            let client: AMQP.Client
            if let brokerClient { client = brokerClient } else { client = try openBroker() }
            try await client.untilReady(within: Self.patience)
            return (client, publisher!)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// PostgreSQL as the system of record is to be used.
    func database() throws(CommandFailure) -> Pool {
        if let pool { return pool }
        var limits = PoolLimits()
        limits.size = 3
        let pool = Pool(try databaseConfiguration(), limits: limits)
        self.pool = pool
        return pool
    }

    func databaseConfiguration() throws(CommandFailure) -> Postgres.Configuration {
        do throws(PostgresError) {
            var configuration = OrderDatabase.prepare(try Postgres.Configuration(url: addresses.postgres))
            configuration.applicationName = "waybill"
            return configuration
        } catch {
            throw CommandFailure(error)
        }
    }

    func close() async {
        redisClient?.close()
        await redisRun?.value
        await brokerClient?.shutdown()
        await pool?.close()
    }

    private func openRedis() throws(RedisError) -> Redis.Client {
        var configuration = try Redis.Configuration(url: addresses.redis)
        configuration.clientName = "waybill"
        let client = Redis.Client(configuration)
        redisClient = client
        redisRun = Loop.task { await client.run() }
        return client
    }

    private func openBroker() throws(AMQPError) -> AMQP.Client {
        var configuration = try AMQP.Configuration(url: addresses.rabbitMQ)
        configuration.connectionName = "waybill"
        let client = AMQP.Client(configuration)
        brokerClient = client
        publisher = Publisher(client)
        client.start()
        return client
    }
}

/// What a server's failure means to an operator. What the server said stays out, as it may quote data.
extension CommandFailure {
    init(_ error: RedisError) {
        self.init(.unavailable, "Redis: \(error)", remedy: "waybill status")
    }

    init(_ error: AMQPError) {
        if error.replyCode == 404 {
            self.init(
                .unavailable, "RabbitMQ has no such queue: no service has declared it yet",
                remedy: "waybill status")
        } else {
            self.init(.unavailable, "RabbitMQ: \(error)", remedy: "waybill status")
        }
    }

    init(_ error: PostgresError) {
        switch error.code {
        case .migration, .server, .decoding:
            self.init(.failure, "PostgreSQL: \(error)", remedy: "waybill migrate status")
        default: self.init(.unavailable, "PostgreSQL: \(error)", remedy: "waybill status")
        }
    }

    init(_ error: OrderRecordsError) {
        self.init(.unavailable, "\(error)", remedy: "waybill status")
    }
}
