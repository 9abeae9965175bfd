package import EventLoop

/// How to reach a server and how patient to be with it.
package struct RedisConfiguration: Sendable, CustomStringConvertible {
    package var endpoint: Endpoint
    /// The ACL user; without it a password belongs to the default user.
    package var user: String?
    package var password: String?
    package var database = 0
    /// Shown by `CLIENT LIST`; no spaces.
    package var clientName: String?
    package var tls: TLSClient?

    /// TCP, TLS and the handshake together.
    package var connectTimeout = Duration.seconds(2)
    /// From a command's call to its reply, the wait for a connection included.
    package var commandTimeout = Duration.seconds(2)
    /// A connection which received nothing for this long is sent a PING; one which is silent for as long
    /// again is closed. So a half-open connection lives at most twice this.
    package var keepAlive = Duration.seconds(3)
    /// Commands which may wait for their replies on one connection.
    package var pendingCommands = 16_384
    /// Bytes which may wait to be sent on one connection.
    package var pendingBytes = 16 << 20
    package var replyLimits = RedisReplyReader.Limits()
    package var backoff = Backoff()

    package init(endpoint: Endpoint) { self.endpoint = endpoint }

    /// Credentials are left out.
    package var description: String { "redis\(tls == nil ? "" : "s")://\(endpoint)/\(database)" }
}

extension RedisConfiguration {
    /// Reads `redis[s]://[user[:password]@]host[:port][/database]`, its parts percent-encoded.
    ///
    /// - Parameter authorities: for `rediss`, a PEM file of trusted authorities; the system's when `nil`.
    @Loop package init(url: String, authorities: String? = nil) throws(RedisError) {
        let secure = url.hasPrefix("rediss://")
        guard secure || url.hasPrefix("redis://") else {
            throw RedisError(.configuration, "the scheme must be redis or rediss")
        }
        let rest = url.dropFirst(secure ? 9 : 8)
        let slash = rest.firstIndex(of: "/")
        let authority = slash.map { rest[..<$0] } ?? rest
        let path = slash.map { rest[rest.index(after: $0)...] } ?? ""
        let at = authority.lastIndex(of: "@")
        let address = at.map { authority[authority.index(after: $0)...] } ?? authority
        let bare = address.hasSuffix("]") || !address.contains(":")
        guard !address.isEmpty, let endpoint = Endpoint(bare ? "\(address):6379" : String(address)) else {
            throw RedisError(.configuration, "no host and port in the URL")
        }
        self.init(endpoint: endpoint)
        if let at {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = parts[0].isEmpty ? nil : Self.decode(parts[0])
            password = parts.count > 1 ? Self.decode(parts[1]) : nil
        }
        if !path.isEmpty {
            guard let number = Int(path), number >= 0 else {
                throw RedisError(.configuration, "the database must be a number")
            }
            database = number
        }
        if secure {
            do { tls = try TLSClient(authorities: authorities) } catch {
                throw RedisError(.configuration, "TLS: \(error)")
            }
        }
    }

    /// Percent-decoding; what is not a valid escape stays as it is.
    private static func decode(_ text: Substring) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                let high = Character(UnicodeScalar(source[index + 1])).hexDigitValue,
                let low = Character(UnicodeScalar(source[index + 2])).hexDigitValue
            {
                bytes.append(UInt8(high << 4 | low))
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
