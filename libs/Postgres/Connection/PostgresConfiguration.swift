package import Bytes
package import EventLoop

/// One database's address, and the setup of its sessions.
package struct PostgresConfiguration: Sendable {
    package struct Host: Sendable, Equatable {
        /// A name, an address, or the directory of a Unix socket.
        package var name: String
        package var port: UInt16
    }

    /// Tried in a random order; `target_session_attrs` selects one.
    package var hosts: [Host]
    package var user: String
    package var password: String?
    package var database: String
    /// Shown in `pg_stat_activity`.
    package var applicationName = "waybill"
    /// For opening a session as a whole: name resolution, TCP, TLS, authentication.
    package var connectTimeout: Duration = .seconds(5)
    /// The client-side deadline of a statement or batch that sets none.
    package var queryTimeout: Duration = .seconds(10)
    /// How long after its deadline an answer may come, before its session ends.
    package var lateLimit: Duration = .seconds(2)
    /// The server's `statement_timeout`, which stops statements that no client waits for.
    package var statementTimeout: Duration? = .seconds(30)
    /// Run-time parameters of the session, such as `search_path`.
    package var settings: [ByteString: String] = [:]
    /// Other keywords of libpq: `sslmode`, `sslrootcert`, `target_session_attrs`, …
    package var options: [ByteString: String] = [:]

    package init(
        host: String, port: UInt16 = 5432, user: String, password: String? = nil, database: String
    ) {
        self.init(
            endpoints: [Endpoint(host: host, port: port)], user: user, password: password, database: database)
    }

    package init(endpoints: [Endpoint], user: String, password: String? = nil, database: String) {
        hosts = endpoints.map { Host(name: $0.host, port: $0.port) }
        self.user = user
        self.password = password
        self.database = database
    }
}

extension PostgresConfiguration: CustomStringConvertible {
    /// Without the password.
    package var description: String {
        let hosts = hosts.map { "\($0.name):\($0.port)" }.joined(separator: ",")
        return "\(user)@\(hosts)/\(database)"
    }
}

extension PostgresConfiguration {
    /// The keywords for libpq. `addresses` has one entry per host, empty for a Unix socket.
    func keywords(addresses: [String]) -> [(keyword: String, value: String)] {
        var result: [(keyword: String, value: String)] = [
            ("host", hosts.map(\.name).joined(separator: ",")),
            ("hostaddr", addresses.joined(separator: ",")),
            ("port", hosts.map { "\($0.port)" }.joined(separator: ",")),
            ("user", user), ("dbname", database), ("application_name", applicationName),
            ("client_encoding", "UTF8"),
            // Kerberos encryption would be negotiated first, and requires its own handling of the socket.
            ("gssencmode", "disable"),
            // A lost peer is detected within 30 seconds.
            ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
        ]
        if let password { result.append(("password", password)) }
        result += options.map { (keyword: $0.key.text, value: $0.value) }
        return result
    }

    /// The session's parameters, set once it is open.
    var parameters: [(name: String, value: String)] {
        var parameters: [ByteString: String] = ["DateStyle": "ISO", "TimeZone": "UTC"]
        if let statementTimeout {
            parameters["statement_timeout"] = "\(max(1, Int64(statementTimeout / .milliseconds(1))))"
        }
        parameters.merge(settings) { _, set in set }
        return parameters.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) }
    }
}
