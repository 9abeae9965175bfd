/// A server's URL, `scheme://[user[:password]@]host[:port][/path][?query]` (RFC 3986), parsed strictly: printable
/// ASCII, complete escapes that decode to UTF-8 without NUL, hosts of unreserved characters or bracketed IPv6, no
/// fragment. Where that is allowed, several hosts are separated by commas, as libpq has it.
package struct ServerURL: Sendable, Hashable {
    package struct QueryItem: Sendable, Hashable {
        package let name: String
        /// Empty when the item has no equals sign.
        package let value: String
    }

    package struct Host: Sendable, Hashable {
        /// Without the brackets of an IPv6 address.
        package let name: String
        /// 1…65535; nil when absent.
        package let port: UInt16?
    }

    /// In lower case.
    package let scheme: String
    /// Nil when absent or empty.
    package let user: String?
    /// Nil when absent.
    package let password: String?
    /// One or more; each is a server that may be asked.
    package let hosts: [Host]
    /// As written, with its leading slash; empty when absent.
    package let encodedPath: String
    /// As written, without its question mark; nil when absent.
    package let encodedQuery: String?
    /// Decoded, without its leading slash.
    package let path: String
    /// Decoded, in their order; empty items are left out.
    package let queryItems: [QueryItem]

    /// The first host's.
    package var host: String { hosts[0].name }
    package var port: UInt16? { hosts[0].port }

    /// Hosts that a URL may have.
    private static let hostLimit = 32

    package init(_ text: String, mayHaveHosts: Bool = false) throws(ServerURLError) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw ServerURLError(.invalidCharacter)
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[colon...].hasPrefix("://"),
            Self.isScheme(text[..<colon])
        else { throw ServerURLError(.missingScheme) }
        scheme = text[..<colon].lowercased()
        let rest = text[text.utf8.index(colon, offsetBy: 3)...]
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let (authority, tail) = (rest[..<end], rest[end...])

        var location = authority
        var credentials: [String?] = []
        if let at = authority.utf8.firstIndex(of: UInt8(ascii: "@")) {
            location = authority[authority.utf8.index(after: at)...]
            credentials = authority[..<at]
                .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decode)
            guard at > authority.startIndex, !credentials.contains(nil),
                !location.utf8.contains(UInt8(ascii: "@"))
            else {
                throw ServerURLError(.invalidCredentials)
            }
        }
        user = (credentials.first ?? nil).flatMap { $0.isEmpty ? nil : $0 }
        password = credentials.count > 1 ? credentials[1] : nil
        do throws(ServerURLError) {
            hosts = try Self.hosts(location, limit: mayHaveHosts ? Self.hostLimit : 1)
        } catch {
            // An `@` behind the authority shows a password with an unescaped slash or question mark.
            throw tail.utf8.contains(UInt8(ascii: "@")) ? ServerURLError(.invalidCredentials) : error
        }

        let mark = tail.utf8.firstIndex(of: UInt8(ascii: "?"))
        encodedPath = String(tail[..<(mark ?? tail.endIndex)])
        encodedQuery = mark.map { String(tail[tail.utf8.index(after: $0)...]) }
        guard let path = Self.decode(encodedPath.dropFirst()), let items = Self.queryItems(encodedQuery ?? "")
        else {
            throw ServerURLError(.invalidEncoding)
        }
        self.path = path
        queryItems = items
    }

    package func endpoint(defaultPort: UInt16) -> Endpoint { Endpoint(host: host, port: port ?? defaultPort) }

    private static func isScheme(_ text: Substring) -> Bool {
        text.first?.isLetter == true && text.allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
    }

    private static func hosts(_ text: Substring, limit: Int) throws(ServerURLError) -> [Host] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= limit else { throw ServerURLError(.tooManyHosts) }
        var hosts: [Host] = []
        for part in parts { hosts.append(try host(part)) }
        return hosts
    }

    private static func host(_ text: Substring) throws(ServerURLError) -> Host {
        var host = text
        var rest = text[text.endIndex...]
        if text.hasPrefix("[") {
            guard let bracket = text.utf8.firstIndex(of: UInt8(ascii: "]")) else {
                throw ServerURLError(.invalidHost)
            }
            host = text[..<bracket].dropFirst()
            rest = text[text.utf8.index(after: bracket)...]
            let isAddress = host.utf8.allSatisfy {
                PercentEncoding.hexValue($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
            }
            guard isAddress, host.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1 else {
                throw ServerURLError(.invalidHost)
            }
        } else {
            if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
                (host, rest) = (text[..<colon], text[colon...])
            }
            guard !host.isEmpty, host.utf8.allSatisfy(PercentEncoding.isUnreserved) else {
                throw ServerURLError(.invalidHost)
            }
        }
        guard !rest.isEmpty else { return Host(name: String(host), port: nil) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits), port > 0
        else { throw ServerURLError(.invalidPort) }
        return Host(name: String(host), port: port)
    }

    private static func queryItems(_ query: String) -> [QueryItem]? {
        var items: [QueryItem] = []
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(decode)
            guard let name = parts[0], let value = parts.count > 1 ? parts[1] : "" else { return nil }
            items.append(QueryItem(name: name, value: value))
        }
        return items
    }

    private static func decode(_ text: Substring) -> String? {
        PercentEncoding.decode(text).flatMap { $0.utf8.contains(0) ? nil : $0 }
    }
}

extension ServerURL: CustomStringConvertible, CustomReflectable {
    /// Without credentials and query.
    package var description: String {
        let addresses = hosts.map { host in
            let name = host.name.contains(":") ? "[\(host.name)]" : host.name
            return name + (host.port.map { ":\($0)" } ?? "")
        }
        return "\(scheme)://\(addresses.joined(separator: ","))\(encodedPath)"
    }

    package var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

/// Why a text is not a ``ServerURL``. The text is left out, because it may hold a password.
package struct ServerURLError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable {
        case missingScheme
        case invalidCharacter
        case invalidCredentials
        case invalidHost
        case invalidPort
        case tooManyHosts
        case invalidEncoding
    }

    package let code: Code

    init(_ code: Code) { self.code = code }

    /// What is wrong, to follow "the URL".
    package var description: String {
        switch code {
        case .missingScheme: "has no scheme"
        case .invalidCharacter: "holds characters that must be percent-encoded"
        case .invalidCredentials: "has a user or password that is not percent-encoded"
        case .invalidHost, .invalidPort: "has no host, or a port that is not 1…65535"
        case .tooManyHosts: "has several hosts"
        case .invalidEncoding: "has a path or query that is not percent-encoded"
        }
    }
}
