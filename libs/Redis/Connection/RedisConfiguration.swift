package import EventLoop

/// The server's address, and the client's limits and timeouts.
package struct RedisConfiguration: Sendable, CustomStringConvertible {
    package var endpoint: Endpoint
    /// The ACL user; without it a password belongs to the default user.
    package var user: String?
    package var password: String?
    package var database = 0
    /// Whether only a primary will do; a user who may not ask for the role has any server.
    package var requiresPrimary = false
    /// Shown by `CLIENT LIST`; no spaces.
    package var clientName: String?
    package var tls: TLSClient?

    /// TCP, TLS and the handshake together.
    package var connectTimeout = Duration.seconds(2)
    /// From a command's call to its reply, including the wait for a connection.
    package var commandTimeout = Duration.seconds(2)
    /// A connection that received no reply for this long is sent a PING; when none comes for as long again, it is closed.
    /// A half-open connection thus lasts at most twice this.
    package var keepAlive = Duration.seconds(3)
    /// From a SUBSCRIBE or UNSUBSCRIBE to its confirmation; then the connection is closed, and all channels are subscribed
    /// on another.
    package var subscriptionTimeout = Duration.seconds(5)
    /// Commands that may wait for replies on one connection.
    package var pendingCommands = 16_384
    /// Unsent bytes on one connection.
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
        let parts: ServerURL
        do throws(ServerURLError) { parts = try ServerURL(url) } catch {
            throw RedisError(.configuration, "the URL \(error)")
        }
        guard parts.scheme == "redis" || parts.scheme == "rediss" else {
            throw RedisError(.configuration, "the scheme must be redis or rediss")
        }
        self.init(endpoint: parts.endpoint(defaultPort: 6379))
        user = parts.user
        password = parts.password
        if !parts.path.isEmpty {
            guard let number = Int(parts.path), number >= 0 else {
                throw RedisError(.configuration, "the database must be a number")
            }
            database = number
        }
        if parts.scheme == "rediss" {
            do { tls = try TLSClient(authorities: authorities) } catch {
                throw RedisError(.configuration, "TLS: \(error)")
            }
        }
    }
}
