import EventLoop
internal import JSON
internal import Service

/// The addresses of the servers behind the services; secrets. Nil where they are not known.
struct ServerAddresses: Sendable {
    var redis: String?
    var rabbitMQ: String?
    var postgres: String?
    /// Of connections over TLS.
    var files = TLSFiles()

    init(redis: String?, rabbitMQ: String?, postgres: String?) {
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
        self.init(
            redis: "redis://\(user):\(password)@\(host):\(port)", rabbitMQ: rabbitMQ, postgres: postgres)
    }

    /// From the services' environment keys: for an operator's container without a described stack.
    init?(_ environment: Environment) {
        self.init(
            redis: environment.secret("REDIS_URL"), rabbitMQ: environment.secret("RABBITMQ_URL"),
            postgres: environment.secret("DATABASE_URL"))
        if redis == nil, rabbitMQ == nil, postgres == nil { return nil }
        files = TLSFiles(environment)
    }
}
