package import Bytes
package import EventLoop
package import Observability

/// The ``ServerURL`` of one of the three servers, with that server's defaults filled in.
package struct ConnectionURL: Sendable, Equatable {
    package let scheme: Scheme
    package let usesTLS: Bool
    package let user: String?
    package let password: Secret<String>?
    /// One, or several of a cluster, each of which may be asked.
    package let endpoints: [Endpoint]
    /// Redis: the number of the database, "0" when left out. AMQP: the virtual host, "/" when left out.
    /// PostgreSQL: the database.
    package let path: String
    package internal(set) var query: [ByteString: String]

    package enum Scheme: String, Sendable {
        case redis, amqp, postgresql
    }

    /// The first.
    package var endpoint: Endpoint { endpoints[0] }

    /// Whether the servers are on this machine.
    var isLocal: Bool {
        endpoints.allSatisfy { $0.host == "localhost" || IPAddress($0.host)?.isLoopback == true }
    }
}

extension ConnectionURL.Scheme {
    var example: String {
        switch self {
        case .redis: "redis[s]://[user:password@]host[:port][/database]"
        case .amqp: "amqp[s]://user:password@host[:port][,host[:port]…][/vhost]"
        case .postgresql: "postgresql://user:password@host[:port][,host[:port]…]/database[?sslmode=…]"
        }
    }

    /// Whether TLS is used and the default port, or nil for a URL scheme of another server.
    fileprivate func defaults(_ scheme: String) -> (usesTLS: Bool, port: UInt16)? {
        switch (self, scheme) {
        case (.redis, "redis"): (false, 6379)
        case (.redis, "rediss"): (true, 6379)
        case (.amqp, "amqp"): (false, 5672)
        case (.amqp, "amqps"): (true, 5671)
        case (.postgresql, "postgresql"), (.postgresql, "postgres"): (false, 5432)
        default: nil
        }
    }
}

extension ConnectionURL {
    package init(_ text: String, _ scheme: Scheme) throws(SettingError) {
        func fault(_ problem: String) -> SettingError { SettingError(problem, write: scheme.example) }
        let url: ServerURL
        do throws(ServerURLError) { url = try ServerURL(text, mayHaveHosts: scheme != .redis) } catch {
            throw fault("\(error)")
        }
        guard let (isSecure, port) = scheme.defaults(url.scheme) else { throw fault("has another scheme") }
        guard !url.encodedPath.contains("@"), url.encodedQuery?.contains("@") != true else {
            throw fault("has a / or ? in its password that is not percent-encoded")
        }
        self.scheme = scheme
        query = Dictionary(url.queryItems.map { (ByteString($0.name), $0.value) }, uniquingKeysWith: { $1 })
        guard query.count == url.queryItems.count else { throw fault("has a parameter twice") }
        let parameters = scheme == .postgresql ? Self.databaseParameters : []
        if let name = query.keys.first(where: { !parameters.contains($0) }) {
            throw fault("has the parameter \(name.text.prefix(32)), which is not known")
        }
        usesTLS = isSecure || ["require", "verify-ca", "verify-full"].contains(query["sslmode"])
        user = url.user
        password = url.password.map { Secret($0) }
        endpoints = url.hosts.map { Endpoint(host: $0.name, port: $0.port ?? port) }
        switch scheme {
        case .redis:
            guard url.path.isEmpty || Int(url.path).map({ $0 >= 0 }) == true else {
                throw fault("has a database that is not a number")
            }
            path = url.path.isEmpty ? "0" : url.path
        case .amqp:
            // The RabbitMQ URI specification reads a lone slash as the virtual host with the empty name; such
            // a host does not exist in practice, so the default one is used.
            guard !url.encodedPath.dropFirst().contains("/") else {
                throw fault("has a virtual host of more than one segment")
            }
            path = url.path.isEmpty ? "/" : url.path
        case .postgresql:
            guard !url.path.isEmpty, !url.path.contains("/") else { throw fault("names no database") }
            // libpq would find them at the first attempt, which may be hours later.
            guard Self.sslModes.contains(ByteString(query["sslmode"] ?? "prefer")) else {
                throw fault("has an sslmode that is not known")
            }
            path = url.path
        }
    }
}

extension ConnectionURL: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the password.
    package var description: String {
        let scheme = usesTLS && scheme != .postgresql ? "\(scheme)s" : "\(scheme)"
        let account = user.map { "\($0)@" } ?? ""
        let addresses = endpoints.map(\.description).joined(separator: ",")
        return "\(scheme)://\(account)\(addresses)/\(path == "/" ? "" : path)"
    }

    package var debugDescription: String { description }
}
