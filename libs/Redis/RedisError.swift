/// Why a command, a connection or a reply failed. One type for the whole library.
///
/// `description` carries the code alone: a server's text may quote keys or values, so it stays in
/// ``message``, for a debugger and not for a log line.
package struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The connection ended while the command was in flight: the server may or may not have run it.
        case connectionLost
        /// No connection became available within the deadline: the command was never sent.
        case notConnected
        /// No reply within the deadline. As replies are ordered, the connection is closed with it; the
        /// server may or may not have run the command.
        case timeout
        /// The user, the password or the ACL does not allow it (`WRONGPASS`, `NOAUTH`, `NOPERM`).
        case authentication
        /// Too many commands or bytes are pending already: the command was never sent.
        case overloaded
        /// The peer does not speak RESP2, or exceeded the reader's limits.
        case protocolViolation
        /// A cluster node names another one (`MOVED`, `ASK`).
        case moved
        /// The server answered with an error; the first word of it (`ERR`, `WRONGTYPE`, `LOADING` …).
        case server(prefix: String)
        /// A reply of another shape than the command's documented one.
        case unexpectedReply
        /// The address, the credentials or the URL are unusable.
        case configuration
        /// `close()` was called.
        case closed
    }

    package let code: Code
    /// Free text for people; may hold data, so it is left out of `description`.
    package let message: String

    package init(_ code: Code, _ message: String = "") {
        self.code = code
        self.message = message
    }

    /// Whether the same command may succeed when sent again a little later.
    ///
    /// Look at ``outcomeIsUnknown`` too before repeating a command that is not idempotent.
    package var isRetriable: Bool {
        switch code {
        case .connectionLost, .notConnected, .timeout, .overloaded: true
        case .server(let prefix): Self.transientPrefixes.contains(prefix)
        case .authentication, .protocolViolation, .moved, .unexpectedReply, .configuration, .closed: false
        }
    }

    /// Whether the server may have run the command although no reply came.
    package var outcomeIsUnknown: Bool { code == .connectionLost || code == .timeout }

    package var description: String {
        switch code {
        case .server(let prefix): "redis: server error \(prefix)"
        default: "redis: \(code)"
        }
    }

    private static let transientPrefixes: Set<String> = [
        "LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "NOREPLICAS", "OOM",
        "MISCONF",
    ]
}

extension RedisError {
    /// Sorts a server's error text by its first word (redis.io, "RESP protocol spec": simple errors).
    package init(serverText text: String) {
        let prefix = text.prefix { $0 != " " }
        switch prefix {
        case "WRONGPASS", "NOAUTH", "NOPERM": self.init(.authentication, text)
        case "MOVED", "ASK": self.init(.moved, text)
        default: self.init(.server(prefix: String(prefix)), text)
        }
    }

    package var isNoScript: Bool { code == .server(prefix: "NOSCRIPT") }
}
