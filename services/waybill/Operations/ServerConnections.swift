import AMQP
import EventLoop
import OrderRecords
import Postgres
import Redis

/// The servers behind the services, for an operator: each is connected when it is first needed, and
/// reconnects until ``close()``.
@Loop
final class ServerConnections {
    /// How long a server may take for the first connection.
    static let timeout = Duration.seconds(5)

    private let addresses: ServerAddresses
    private var redisClient: RedisClient?
    private var redisRun: Task<Void, Never>?
    private var brokerClient: AMQPClient?
    private var publisher: AMQPPublisher?
    private var pool: PostgresPool?

    init(_ addresses: ServerAddresses) { self.addresses = addresses }

    func redis() async throws(CommandError) -> RedisClient {
        do throws(RedisError) {
            let client: RedisClient
            if let redisClient { client = redisClient } else { client = try openRedis() }
            try await client.ready(within: Self.timeout)
            return client
        } catch {
            throw CommandError(error)
        }
    }

    /// RabbitMQ, connected, with its publisher.
    func broker() async throws(CommandError) -> (client: AMQPClient, publisher: AMQPPublisher) {
        do throws(AMQPError) {
            let client: AMQPClient
            if let brokerClient { client = brokerClient } else { client = try openBroker() }
            try await client.ready(within: Self.timeout)
            return (client, publisher!)
        } catch {
            throw CommandError(error)
        }
    }

    /// PostgreSQL, with the system of record's settings.
    func database() throws(CommandError) -> PostgresPool {
        if let pool { return pool }
        var limits = PostgresPoolLimits()
        limits.size = 3
        let pool = PostgresPool(try databaseConfiguration(), limits: limits)
        self.pool = pool
        return pool
    }

    func databaseConfiguration() throws(CommandError) -> PostgresConfiguration {
        do throws(PostgresError) {
            var configuration = OrderDatabase.prepare(try PostgresConfiguration(url: addresses.postgres))
            configuration.applicationName = "waybill"
            return configuration
        } catch {
            throw CommandError(error)
        }
    }

    func close() async {
        redisClient?.close()
        await redisRun?.value
        await brokerClient?.shutdown()
        await pool?.close()
    }

    private func openRedis() throws(RedisError) -> RedisClient {
        var configuration = try RedisConfiguration(url: addresses.redis)
        configuration.clientName = "waybill"
        let client = RedisClient(configuration)
        redisClient = client
        redisRun = Loop.task { await client.run() }
        return client
    }

    private func openBroker() throws(AMQPError) -> AMQPClient {
        var configuration = try AMQPConfiguration(url: addresses.rabbitMQ)
        configuration.connectionName = "waybill"
        let client = AMQPClient(configuration)
        brokerClient = client
        publisher = AMQPPublisher(client)
        Loop.task { await client.run() }
        return client
    }
}

/// Maps a server's failure to a message for an operator. The server's text is left out, as it may quote data.
extension CommandError {
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
