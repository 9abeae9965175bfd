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
    private var redisClients: [RedisClient] = []
    private let redisTasks = TaskTracker()
    private var brokerClient: AMQPClient?
    private var publisher: AMQPPublisher?
    private var pool: PostgresPool?

    init(_ addresses: ServerAddresses) { self.addresses = addresses }

    /// Redis, connected: one client, or one for each primary of a cluster.
    func redis() async throws(CommandError) -> [RedisClient] {
        guard let environment = addresses.redis else { throw unknown("REDIS_URL") }
        do {
            if redisClients.isEmpty {
                let settings = try Settings(environment, keys: ServerKeys.ofRedis)
                let servers = try RedisServers(settings, name: "waybill")
                redisClients = try await servers.primaries()
                for client in redisClients { redisTasks.start { await client.run() } }
            }
            for client in redisClients { try await client.ready(within: Self.timeout) }
            return redisClients
        } catch let error as RedisError {
            throw CommandError(error)
        } catch {
            throw CommandError(.failure, "Redis: \(error)", remedy: "waybill doctor")
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
            // Of several servers, the one that takes writes is meant.
            if configuration.hosts.count > 1, configuration.options["target_session_attrs"] == nil {
                configuration.options["target_session_attrs"] = "read-write"
            }
            return configuration
        } catch {
            throw CommandError(error)
        }
    }

    func close() async {
        for client in redisClients { client.close() }
        await redisTasks.finish()
        await brokerClient?.shutdown()
        await pool?.close()
    }

    private func known(_ address: String?, _ variable: String) throws(CommandError) -> String {
        guard let address else { throw unknown(variable) }
        return address
    }

    private func unknown(_ variable: String) -> CommandError {
        CommandError(
            .unavailable, "the server's address is not known", remedy: "set \(variable) or \(variable)_FILE")
    }

    private func tls() throws(CommandError) -> TLSClient {
        do throws(TransportError) { return try addresses.files.client() } catch {
            throw CommandError(
                .failure, "TLS: \(error)", remedy: "check TLS_CA_FILE, TLS_CERTIFICATE_FILE and TLS_KEY_FILE")
        }
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
        self.init(.unavailable, "Redis: \(error)", remedy: "waybill up, or check REDIS_URL")
    }

    init(_ error: AMQPError) {
        if error.replyCode == 404 {
            self.init(
                .unavailable, "RabbitMQ has no such queue: no service has declared it yet",
                remedy: "waybill status")
        } else {
            self.init(.unavailable, "RabbitMQ: \(error)", remedy: "waybill up, or check RABBITMQ_URL")
        }
    }

    init(_ error: PostgresError) {
        switch error.code {
        case .migration, .server, .decoding:
            self.init(.failure, "PostgreSQL: \(error)", remedy: "waybill migrate status")
        default:
            self.init(.unavailable, "PostgreSQL: \(error)", remedy: "waybill up, or check DATABASE_URL")
        }
    }

    init(_ error: OrderRecordsError) {
        self.init(.unavailable, "\(error)", remedy: "waybill status")
    }
}
