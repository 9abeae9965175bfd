/// What a reason of readiness means, and the next step; docs/operations.md has the same.
struct ReadinessReason {
    var meaning: String
    var next: String
    /// Whether it is about the replica, not about a server.
    var isOfReplica = false

    private static let servers: [(prefix: String, name: String, setting: String)] = [
        ("redis.channels.", "Redis", "REDIS_URL"), ("redis.", "Redis", "REDIS_URL"),
        ("rabbitmq.", "RabbitMQ", "RABBITMQ_URL"), ("postgres.", "PostgreSQL", "DATABASE_URL"),
        ("jwks.", "the issuer of tokens", "JWT_JWKS_URL"),
    ]

    init(_ reason: String) {
        switch reason {
        case "shutting down": self.init(ofReplica: "it is shutting down", "wait")
        case "rabbitmq.blocked":
            self.init(
                "RabbitMQ has a memory or disk alarm; PostgreSQL takes orders",
                "free memory or disk of RabbitMQ")
        case "rabbitmq.slow":
            self.init("RabbitMQ did not confirm in time", "look at RabbitMQ's disk and quorum")
        case "rabbitmq.topology":
            self.init(
                "a queue or an exchange is missing, or has other arguments",
                "delete the queue while it is empty: it is declared again")
        case "messages.waiting":
            self.init(
                ofReplica: "a batch waits for a server",
                "batch.waiting_for_dependency in its log names the server")
        case "catalogue.missing", "order_ids.missing", "order_ids.exhausted":
            self.init(
                ofReplica: "it could not read from PostgreSQL what it needs to take orders",
                "check PostgreSQL")
        case "http.buffers":
            self.init(
                ofReplica: "clients make it hold too much",
                "find the clients that do not read, or raise BUFFER_LIMIT_MB")
        case _ where reason.hasPrefix("starting "):
            self.init(
                ofReplica: "a part of it is not started yet",
                "wait; else see component.start_failed in its log")
        default:
            guard let server = Self.servers.first(where: { reason.hasPrefix($0.prefix) }) else {
                self.init(ofReplica: reason, "see its log")
                return
            }
            self.init(kind: reason.dropFirst(server.prefix.count), of: server.name, server.setting)
        }
    }

    private init(ofReplica meaning: String, _ next: String) {
        self.init(meaning, next)
        isOfReplica = true
    }

    private init(_ meaning: String, _ next: String) {
        self.meaning = meaning
        self.next = next
    }

    private init(kind: Substring, of server: String, _ setting: String) {
        switch kind {
        case "unreachable":
            self.init(
                "\(server) does not answer",
                "`waybill up` starts it on this machine; elsewhere start \(server), look at the network, or correct "
                    + "\(setting)")
        case "authentication":
            self.init(
                "\(server) refuses the user or the password",
                "`waybill up` gives the server of this machine its password again; elsewhere correct \(setting), or the "
                    + "user's password and rights at \(server). Replicas connect by themselves")
        case "tls":
            self.init(
                "the TLS connection to \(server) fails", "check TLS_CA_FILE and the server's certificate")
        case "readonly", "masterdown":
            self.init(
                "\(server) is a replica and takes no writes",
                "name the primary in \(setting), or its sentinels")
        case "loading", "starting": self.init("\(server) is starting", "wait")
        case "oom": self.init("\(server) has no memory left", "raise maxmemory, or see what fills it")
        case "misconf", "disk": self.init("\(server) cannot write to its disk", "free space on its disk")
        case "noreplicas": self.init("\(server) has too few replicas", "bring its replicas back")
        case "clusterdown": self.init("the cluster of \(server) is down", "bring its nodes back")
        case "busy": self.init("\(server) runs a script for long", "see SLOWLOG; SCRIPT KILL ends it")
        case "vhost":
            self.init(
                "the virtual host does not exist, or refuses the user", "create it, or correct \(setting)")
        case "declaration":
            self.init("\(server) refuses a queue or an exchange", "give the user the right to configure")
        case "full":
            self.init("\(server) takes no more sessions", "raise max_connections, or run fewer replicas")
        case "database": self.init("the database does not exist", "create it, or correct \(setting)")
        case "schema":
            self.init("the schema is older than the service", "start order-process, or `waybill migrate up`")
        case "expired", "empty", "document", "status", "address":
            self.init("\(server) gives no usable keys (\(kind))", "check \(setting)")
        default: self.init("\(server) cannot be used (\(kind))", "see server.unavailable in its log")
        }
    }
}
