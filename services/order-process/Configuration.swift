import AMQP
import EventLoop
import Observability
import OrderRecords
import Postgres
import Redis
import Service

/// The keys of order-process, besides those that every service has.
enum ProcessKeys {
    static let redis = Key.connection("REDIS_URL", .redis, "The Redis that holds the workflows' state.")

    static let rabbitMQ = Key.connection("RABBITMQ_URL", .amqp, "The broker that brings the orders.")

    static let database = Key.connection(
        "DATABASE_URL", .postgresql, "The system of record; the role `waybill`, which owns the schema.")

    /// PEM, for `rediss` and `amqps`; PostgreSQL has `sslrootcert` in its URL.
    static let authorities = Key.file(
        "TLS_CA_FILE", "Trusted authorities (PEM) of TLS connections; when not set, the system's."
    ).optional

    static let queueType = Key.choice(
        "WAYBILL_QUEUE_TYPE", default: QueueKind.quorum, "How queues are kept; all services alike.")

    static let workflowTTL = Key.duration(
        "WORKFLOW_TTL", in: .seconds(60) ... .seconds(604_800), default: .seconds(2700),
        "How long Redis remembers a workflow.")

    static let notifyProcessing = Key.flag(
        "NOTIFY_PROCESSING", default: true, "Whether tabs hear of PROCESSING as well.")

    static let all: [any AnyKey] = [
        redis, rabbitMQ, database, authorities, queueType, workflowTTL, notifyProcessing,
    ]
}

extension Redis.Configuration {
    @Loop init(_ url: ConnectionURL, authorities: String?, name: String) throws {
        self.init(endpoint: url.endpoint)
        user = url.user
        password = url.password?.reveal()
        database = Int(url.path) ?? 0
        clientName = name
        if url.usesTLS { tls = try TLSClient(authorities: authorities) }
    }
}

extension AMQP.Configuration {
    @Loop init(_ url: ConnectionURL, authorities: String?, name: String) throws {
        self.init(
            endpoint: url.endpoint, user: url.user ?? "guest", password: url.password?.reveal() ?? "guest",
            virtualHost: url.path)
        connectionName = name
        if url.usesTLS { tls = try TLSClient(authorities: authorities) }
    }
}

extension Postgres.Configuration {
    init(_ url: ConnectionURL, name: String) {
        self.init(
            host: url.host, port: url.port, user: url.user ?? "waybill", password: url.password?.reveal(),
            database: url.path)
        applicationName = name
        options = url.query
        self = OrderDatabase.prepare(self)
    }
}
