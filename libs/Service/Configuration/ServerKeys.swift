package import AMQP
package import EventLoop
package import Observability
package import Redis

/// The keys of the servers that several services use; each service takes those it needs.
package enum ServerKeys {
    package static let redis = SettingKey.connection(
        "REDIS_URL", .redis, "The Redis server with workflow state, mailboxes and channels.")

    package static let sentinels = SettingKey.endpoints(
        "REDIS_SENTINELS",
        "Redis Sentinels that name the primary; they replace the host of REDIS_URL."
    )

    package static let primary = SettingKey.string(
        "REDIS_PRIMARY", kind: "name", default: "waybill", "The primary's name among the sentinels.")

    package static let sentinelUser = SettingKey.string(
        "REDIS_SENTINEL_USER", kind: "name", "The user among the sentinels; when not set, the default user."
    ).optional

    package static let sentinelPassword = SettingKey.secret(
        "REDIS_SENTINEL_PASSWORD", minimumBytes: 1, "The password for the sentinels."
    ).optional

    package static let clusterNodes = SettingKey.endpoints(
        "REDIS_CLUSTER",
        "Nodes of a Redis Cluster, from which the others are learned; they replace the host of REDIS_URL.")

    package static let rabbitMQ = SettingKey.connection(
        "RABBITMQ_URL", .amqp, "Where RabbitMQ is; of a cluster, its nodes.")

    /// PEM, for `rediss`, `amqps` and `https`, and for PostgreSQL unless its URL has an `sslrootcert`.
    package static let authorities = SettingKey.file(
        "TLS_CA_FILE", "Trusted authorities (PEM) of TLS connections; when not set, the system's."
    ).optional

    package static let certificate = SettingKey.file(
        "TLS_CERTIFICATE_FILE",
        "This process's certificate with its chain (PEM), for servers that ask for one."
    ).optional

    package static let privateKey = SettingKey.file(
        "TLS_KEY_FILE", "The private key of TLS_CERTIFICATE_FILE (PEM)."
    ).optional

    static let rules = [
        SettingsRule.both(certificate, privateKey),
        SettingsRule(at: clusterNodes) { settings in
            guard settings.value(clusterNodes)?.isEmpty == false, settings.value(sentinels)?.isEmpty == false
            else { return nil }
            return SettingError(
                "and REDIS_SENTINELS exclude each other", write: "the nodes of a cluster, or sentinels")
        },
        SettingsRule(at: redis) { settings in
            guard settings.value(clusterNodes)?.isEmpty == false, let url = settings.value(redis),
                Int(url.path) ?? 0 != 0
            else { return nil }
            return SettingError("names a database, which a cluster does not have", write: "redis://HOST")
        },
    ]

    package static let queueType = SettingKey.choice(
        "WAYBILL_QUEUE_TYPE", default: AMQPQueueType.quorum, "The queue type; the same for all services.")

    package static let workflowTTL = SettingKey.duration(
        "WORKFLOW_TTL", in: .seconds(60) ... .seconds(604_800), default: .seconds(2700),
        "How long Redis stores a workflow and a mailbox.")

    /// What ``RedisServers`` needs.
    package static let ofRedis: [any AnySettingKey] = [
        redis, sentinels, primary, sentinelUser, sentinelPassword, clusterNodes, authorities, certificate,
        privateKey,
    ]

    package static let all = ofRedis + [rabbitMQ, queueType, workflowTTL]
}

extension RedisConfiguration {
    /// - Parameter name: this client's name on the server.
    @Loop package init(_ url: ConnectionURL, _ files: TLSFiles, name: String) throws {
        self.init(endpoint: url.endpoint)
        user = url.user
        password = url.password?.reveal()
        database = Int(url.path) ?? 0
        clientName = name
        requiresPrimary = true
        if url.usesTLS { tls = try files.client() }
    }
}

extension Settings {
    /// - Parameter name: this connection's name on the server.
    @Loop package func rabbitMQ(name: String) throws -> AMQPConfiguration {
        let url = self[ServerKeys.rabbitMQ]
        var configuration = AMQPConfiguration(
            endpoint: url.endpoint, user: url.user ?? "guest", password: url.password?.reveal() ?? "guest",
            virtualHost: url.path)
        configuration.endpoints = url.endpoints
        configuration.connectionName = name
        if url.usesTLS { configuration.tls = try tls.client() }
        return configuration
    }
}
