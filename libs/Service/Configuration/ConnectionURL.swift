package import EventLoop
package import Observability

/// Where a server is and who we are to it, read from `scheme://user:password@host:port/path?query`.
///
/// One value for the three servers, so that their wrappers need not know URLs. User, password, path and
/// query are percent-decoded (RFC 3986).
package struct ConnectionURL: Sendable, Equatable {
    package let scheme: Scheme
    package let usesTLS: Bool
    package let user: String?
    package let password: Secret<String>?
    /// Without the brackets of an IPv6 address.
    package let host: String
    package let port: UInt16
    /// Redis: the number of the database, "0" when left out. AMQP: the virtual host, "/" when left out.
    /// PostgreSQL: the database.
    package let path: String
    package let query: [String: String]

    package enum Scheme: String, Sendable {
        case redis, amqp, postgresql
    }

    package var endpoint: Endpoint { Endpoint(host: host, port: port) }
}

extension ConnectionURL.Scheme {
    var example: String {
        switch self {
        case .redis: "redis[s]://[user:password@]host[:port][/database]"
        case .amqp: "amqp[s]://user:password@host[:port][/vhost]"
        case .postgresql: "postgresql://user:password@host[:port]/database[?sslmode=…]"
        }
    }

    /// Whether TLS is used and the default port, or nil for a scheme that is not this dialect's.
    fileprivate func scheme(_ name: some StringProtocol) -> (usesTLS: Bool, port: UInt16)? {
        switch (self, name.lowercased()) {
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
    package init(_ text: String, _ dialect: Scheme) throws(SettingError) {
        func fault(_ problem: String) -> SettingError { SettingError(problem, write: dialect.example) }
        guard let colon = text.firstRange(of: "://"), let scheme = dialect.scheme(text[..<colon.lowerBound])
        else { throw fault("has another scheme or none") }
        let rest = text[colon.upperBound...]
        guard rest.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), !rest.contains("#") else {
            throw fault("holds characters that must be percent-encoded")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest[authority.endIndex...]
        let pathText = tail.prefix { $0 != "?" }
        guard !tail.contains("@") else {
            throw fault("has a / or ? in its password that is not percent-encoded")
        }

        var place = authority
        var user: String?
        var password: String?
        if let at = authority.lastIndex(of: "@") {
            place = authority[authority.index(after: at)...]
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map(Self.decode)
            guard !decoded.contains(nil), !authority[..<at].contains("@") else {
                throw fault("has a user or password that is not percent-encoded")
            }
            user = decoded[0].flatMap { $0.isEmpty ? nil : $0 }
            password = decoded.count > 1 ? decoded[1] : nil
        }
        guard let (host, port) = Self.hostAndPort(place, default: scheme.port) else {
            throw fault("has no host, or a port that is not 1…65535")
        }
        guard let path = Self.decode(pathText.dropFirst()),
            let query = Self.query(tail.dropFirst(pathText.count))
        else { throw fault("has a path or query that is not percent-encoded") }
        self.scheme = dialect
        self.usesTLS = scheme.usesTLS || ["require", "verify-ca", "verify-full"].contains(query["sslmode"])
        self.user = user
        self.password = password.map { Secret($0) }
        self.host = host
        self.port = port
        self.query = query
        switch dialect {
        case .redis:
            guard path.isEmpty || Int(path).map({ $0 >= 0 }) == true else {
                throw fault("has a database that is no number")
            }
            self.path = path.isEmpty ? "0" : path
        case .amqp:
            // The RabbitMQ URI specification reads a lone slash as the virtual host with the empty name, which
            // nobody has; who writes it means the default one.
            guard !pathText.dropFirst().contains("/") else {
                throw fault("has a virtual host of more than one segment")
            }
            self.path = path.isEmpty ? "/" : path
        case .postgresql:
            guard !path.isEmpty, !path.contains("/") else { throw fault("names no database") }
            self.path = path
        }
    }

    private static func hostAndPort(_ text: Substring, default port: UInt16) -> (String, UInt16)? {
        var host = text
        var digits: Substring?
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            host = text[..<bracket].dropFirst()
            let rest = text[text.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            digits = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            digits = text[text.index(after: colon)...]
        }
        guard let name = decode(host), !name.isEmpty else { return nil }
        guard let digits else { return (name, port) }
        guard let port = UInt16(digits), port > 0 else { return nil }
        return (name, port)
    }

    private static func query(_ text: Substring) -> [String: String]? {
        var result: [String: String] = [:]
        for pair in text.dropFirst().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(decode)
            guard let name = parts[0], let value = parts.count > 1 ? parts[1] : "" else { return nil }
            result[name] = value
        }
        return result
    }

    /// Nil for an incomplete escape, a NUL, or bytes that are not UTF-8.
    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(Substring(digits), radix: 16), value != 0
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension ConnectionURL: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the password.
    package var description: String {
        let scheme = usesTLS && scheme != .postgresql ? "\(scheme)s" : "\(scheme)"
        let account = user.map { "\($0)@" } ?? ""
        return "\(scheme)://\(account)\(endpoint)/\(path == "/" ? "" : path)"
    }

    package var debugDescription: String { description }
}
