import AMQP
import Bytes
import EventLoop
import OrderRecords
import Postgres
import Redis
internal import Service

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
        let client: RedisClient
        if let redisClient { client = redisClient } else { client = try openRedis() }
        do throws(RedisError) {
            try await client.ready(within: Self.timeout)
            return client
        } catch {
            throw CommandError(error)
        }
    }

    /// RabbitMQ, connected, with its publisher.
    func broker() async throws(CommandError) -> (client: AMQPClient, publisher: AMQPPublisher) {
        let client: AMQPClient
        if let brokerClient { client = brokerClient } else { client = try openBroker() }
        do throws(AMQPError) {
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
        let url = try known(addresses.postgres, "DATABASE_URL")
        do throws(PostgresError) {
            var configuration = OrderDatabase.prepare(try PostgresConfiguration(url: url))
            configuration.applicationName = "waybill"
            let files = addresses.files
            let own = [
                ("sslrootcert", files.authorities), ("sslcert", files.identity?.chain),
                ("sslkey", files.identity?.key),
            ]
            for (name, path) in own where configuration.options[ByteString(name)] == nil {
                configuration.options[ByteString(name)] = path
            }
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

    private func known(_ address: String?, _ variable: String) throws(CommandError) -> String {
        guard let address else {
            throw CommandError(
                .unavailable, "the server's address is not known",
                remedy: "set \(variable) or \(variable)_FILE")
        }
        return address
    }

    private func tls() throws(CommandError) -> TLSClient {
        do throws(TransportError) { return try addresses.files.client() } catch {
            throw CommandError(
                .failure, "TLS: \(error)", remedy: "check TLS_CA_FILE, TLS_CERTIFICATE_FILE and TLS_KEY_FILE")
        }
    }

    private func openRedis() throws(CommandError) -> RedisClient {
        let url = try known(addresses.redis, "REDIS_URL")
        var configuration: RedisConfiguration
        do throws(RedisError) { configuration = try RedisConfiguration(url: url) } catch {
            throw CommandError(error)
        }
        if configuration.tls != nil { configuration.tls = try tls() }
        configuration.clientName = "waybill"
        let client = RedisClient(configuration)
        redisClient = client
        redisRun = Loop.task { await client.run() }
        return client
    }

    private func openBroker() throws(CommandError) -> AMQPClient {
        let url = try known(addresses.rabbitMQ, "RABBITMQ_URL")
        var configuration: AMQPConfiguration
        do throws(AMQPError) { configuration = try AMQPConfiguration(url: url) } catch {
            throw CommandError(error)
        }
        if configuration.tls != nil { configuration.tls = try tls() }
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
