internal import Bytes
internal import CPostgreSQL

extension PostgresConfiguration {
    /// A libpq connection URI or keyword string (PostgreSQL manual, "Connection Strings"), such as
    /// `postgresql://user:password@host:5432/database?sslmode=verify-full&sslrootcert=/etc/ca.pem`.
    package init(url: String) throws(PostgresError) {
        let keywords = try Self.parse(url)
        let names = (keywords["host"] ?? keywords["hostaddr"] ?? "localhost").split(separator: ",").map(
            String.init)
        let ports = (keywords["port"] ?? "5432").split(separator: ",").map { UInt16($0) }
        guard let user = keywords["user"], !names.isEmpty, ports.count == 1 || ports.count == names.count
        else {
            throw PostgresError(
                .invalidConfiguration, "the connection string lacks a user, or ports do not match hosts")
        }
        self.init(host: "", user: user, password: keywords["password"], database: keywords["dbname"] ?? user)
        hosts = []
        for (index, name) in names.enumerated() {
            guard let port = ports[ports.count == 1 ? 0 : index] else {
                throw PostgresError(.invalidConfiguration, "the connection string has an invalid port")
            }
            hosts.append(Host(name: name, port: port))
        }
        if let name = keywords["application_name"] { applicationName = name }
        if let seconds = keywords["connect_timeout"].flatMap({ Int($0) }), seconds > 0 {
            connectTimeout = .seconds(seconds)
        }
        let own: Set<ByteString> = [
            "host", "hostaddr", "port", "user", "password", "dbname", "application_name", "connect_timeout",
        ]
        options = keywords.filter { !own.contains($0.key) }
    }

    private static func parse(_ text: String) throws(PostgresError) -> [ByteString: String] {
        // libpq's own message may quote the password, so it is dropped.
        guard let first = unsafe PQconninfoParse(text, nil) else {
            throw PostgresError(.invalidConfiguration, "not a PostgreSQL connection string")
        }
        defer { unsafe PQconninfoFree(first) }
        var result: [ByteString: String] = [:]
        var option = unsafe first
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe result[ByteString(String(cString: keyword))] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return result
    }
}
