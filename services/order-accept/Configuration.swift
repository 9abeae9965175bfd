import AMQP
import EventLoop
import Observability
import Postgres
import Redis
import Service

/// The keys of order-accept, besides those that every service has.
enum AcceptKeys {
    static let redis = Key.connection("REDIS_URL", .redis, "The Redis that holds the workflows' state.")

    static let rabbitMQ = Key.connection("RABBITMQ_URL", .amqp, "The broker that takes the orders.")

    static let database = Key.connection(
        "DATABASE_URL", .postgresql,
        "The system of record; the role `waybill_reader`, which cannot write, is enough.")

    /// PEM, for `rediss`, `amqps` and `https`; PostgreSQL has `sslrootcert` in its URL.
    static let authorities = Key.file(
        "TLS_CA_FILE", "Trusted authorities (PEM) of TLS connections; when not set, the system's."
    ).optional

    static let issuer = Key.string("JWT_ISSUER", kind: "the exact `iss`", "Who issues the tokens.")

    static let audience = Key.string("JWT_AUDIENCE", kind: "one of the `aud`", "Whom the tokens are for.")

    static let secret = Key.secret(
        "JWT_SECRET", minimumBytes: 32, "The secret of HS256 tokens; instead of JWT_JWKS_URL."
    ).optional

    static let keySet = Key.url(
        "JWT_JWKS_URL", schemes: ["https", "http"],
        "The issuer's JWK set, or its `/.well-known/openid-configuration`; instead of JWT_SECRET."
    ).optional

    static let queueType = Key.choice(
        "WAYBILL_QUEUE_TYPE", default: QueueKind.quorum, "How queues are kept; all services alike.")

    static let workflowTTL = Key.duration(
        "WORKFLOW_TTL", in: .seconds(60) ... .seconds(604_800), default: .seconds(2700),
        "How long Redis remembers a workflow.")

    /// Counts against one bucket: placing, cancelling and deleting orders.
    static let rate = Key.integer(
        "RATE_LIMIT", in: 0...100_000, default: 100,
        "Changes that a user may make a second in the long run; 0 for no limit.")

    static let burst = Key.integer(
        "RATE_BURST", in: 1...1_000_000, default: 200, "Changes that a user may make at once.")

    static let all: [any AnyKey] = [
        redis, rabbitMQ, database, authorities, issuer, audience, secret, keySet, queueType, workflowTTL,
        rate, burst,
    ]

    /// Without keys anybody's token would do, so there is no such thing as a default.
    static let rules = [
        SettingsRule(at: secret) { settings in
            let hasSecret = (settings.value(secret) ?? nil) != nil
            let hasKeySet = (settings.value(keySet) ?? nil) != nil
            switch (hasSecret, hasKeySet) {
            case (false, false): return KeyFault("is not set, nor is JWT_JWKS_URL", write: "one of them")
            case (true, true): return KeyFault("is set, and so is JWT_JWKS_URL", write: "one of them")
            default: return nil
            }
        },
        SettingsRule(at: keySet) { settings in
            guard settings.value(ServiceKeys.profile) == .production,
                let url = settings.value(keySet) ?? nil, url.hasPrefix("http://")
            else { return nil }
            return KeyFault("is not https, so anybody on the way could bring keys", write: "https://…")
        },
    ]
}

extension Redis.Configuration {
    /// Short deadlines: a request's whole budget is ``IntakeBudget/total``.
    @Loop init(_ url: ConnectionURL, authorities: String?, name: String) throws {
        self.init(endpoint: url.endpoint)
        user = url.user
        password = url.password?.reveal()
        database = Int(url.path) ?? 0
        clientName = name
        commandTimeout = IntakeBudget.state
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
            host: url.host, port: url.port, user: url.user ?? "waybill_reader",
            password: url.password?.reveal(), database: url.path)
        applicationName = name
        connectTimeout = .seconds(2)
        queryTimeout = .milliseconds(1500)
        statementTimeout = .seconds(2)
        options = url.query
    }
}
