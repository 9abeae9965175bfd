import EventLoop
internal import JSON
internal import Service

/// The addresses of the servers behind the services; secrets. Nil where they are not known.
struct ServerAddresses: Sendable {
    /// With the keys of ``ServerKeys/ofRedis``.
    var redis: Environment?
    var rabbitMQ: String?
    var postgres: String?
    /// Of connections over TLS.
    var files = TLSFiles()

    private init(redis: Environment?, rabbitMQ: String?, postgres: String?) {
        self.redis = redis
        self.rabbitMQ = rabbitMQ
        self.postgres = postgres
    }

    /// From a stack's description.
    init?(_ stack: JSONValue) {
        guard let redis = stack["redis"], let host = redis["host"]?.string, let port = redis["port"]?.int,
            let rabbitMQ = stack["rabbitmq"]?["uri"]?.string, let postgres = stack["postgres"]?["uri"]?.string
        else { return nil }
        let user = PercentEncoding.encode(redis["user"]?.string ?? "")
        let password = PercentEncoding.encode(redis["password"]?.string ?? "")
        let url = "redis://\(user):\(password)@\(host):\(port)"
        self.init(
            redis: Environment([(key: "REDIS_URL", value: url)]), rabbitMQ: rabbitMQ, postgres: postgres)
    }

    /// From the services' environment keys: for an operator's container without a described stack.
    init?(_ environment: Environment) {
        self.init(
            redis: environment.secret("REDIS_URL").map { _ in environment },
            rabbitMQ: environment.secret("RABBITMQ_URL"),
            postgres: environment.secret("DATABASE_URL"))
        if redis == nil, rabbitMQ == nil, postgres == nil { return nil }
        files = TLSFiles(environment)
    }
}
