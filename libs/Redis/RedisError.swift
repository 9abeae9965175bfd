internal import Bytes

/// Why a command, a connection or a reply failed; the error type of this library.
///
/// `description` has no server's text, which may quote keys or values: that is only in ``message``, for debugging and not for
/// a log line.
package struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The connection ended while the command was in flight: the server may or may not have run it.
        case connectionLost
        /// No connection became available within the deadline: the command was not sent.
        case notConnected
        /// No reply within the deadline: the server may or may not have run the command.
        case timeout
        /// The TLS handshake failed, or the certificate was not accepted.
        case tls
        /// The user, the password or the ACL is refused (`WRONGPASS`, `NOAUTH`, `NOPERM`).
        case authentication
        /// Too many commands or bytes are pending already: the command was not sent.
        case overloaded
        /// The peer does not speak RESP2, or exceeded the reader's limits.
        case protocolViolation
        /// A cluster node redirects to another one (`MOVED`, `ASK`).
        case moved
        /// The server answered with an error; its first word (`ERR`, `WRONGTYPE`, `LOADING` …).
        case server(prefix: String)
        /// A reply of another shape than the documented one.
        case unexpectedReply
        /// The address, the credentials or the URL are unusable.
        case configuration
        /// `close()` was called.
        case closed
        /// The waiting task was cancelled: the server may or may not have run the command.
        case cancelled
    }

    package let code: Code
    /// Free text that may contain data, so `description` omits it.
    package let message: String

    package init(_ code: Code, _ message: String = "") {
        self.code = code
        self.message = message
    }

    /// Whether the same command may succeed when sent again later.
    ///
    /// Check ``outcomeIsUnknown`` too before repeating a command that is not idempotent.
    package var isRetriable: Bool {
        switch code {
        case .connectionLost, .notConnected, .timeout, .overloaded: true
        case .server(let prefix):
            Refusal(rawValue: prefix) != nil || Self.transientPrefixes.contains(ByteString(prefix))
        case .authentication, .tls, .protocolViolation, .moved, .unexpectedReply, .configuration, .closed,
            .cancelled:
            false
        }
    }

    /// Whether the server may have run the command although no reply arrived.
    package var outcomeIsUnknown: Bool { [.connectionLost, .timeout, .cancelled].contains(code) }

    package var description: String {
        switch code {
        case .server(let prefix): "redis: server error \(prefix)"
        default: "redis: \(code)"
        }
    }

    /// With what this side says of the network, which has none of the data.
    package var detail: String {
        let isOfNetwork = [.notConnected, .tls, .connectionLost, .timeout].contains(code)
        return isOfNetwork && !message.isEmpty ? "\(description): \(message)" : description
    }

    private static let transientPrefixes: Set<ByteString> = ["TRYAGAIN"]
}

extension RedisError {
    /// Maps a server's error text by its first word (redis.io, "RESP protocol spec": simple errors).
    package init(serverText text: String) {
        let prefix = text.prefix { $0 != " " }
        switch prefix {
        case "WRONGPASS", "NOAUTH", "NOPERM": self.init(.authentication, text)
        // How Redis 7.0 refuses a command of a script.
        case "ERR" where text.hasPrefix("ERR The user executing the script can't"):
            self.init(.authentication, "\(Refusal.noPermission.rawValue) \(text.dropFirst(4))")
        case "MOVED", "ASK": self.init(.moved, text)
        default: self.init(.server(prefix: String(prefix)), text)
        }
    }

    static let cancelled = RedisError(.cancelled)

    /// The server is a replica, or became one.
    static let readOnly = RedisError(.server(prefix: "READONLY"), "the server is not a primary")

    /// A state of the server for which it refuses commands.
    package enum Refusal: String, Sendable, CaseIterable {
        case loading = "LOADING"
        case replica = "READONLY"
        case primaryIsDown = "MASTERDOWN"
        case outOfMemory = "OOM"
        case tooFewReplicas = "NOREPLICAS"
        case cannotSave = "MISCONF"
        case clusterIsDown = "CLUSTERDOWN"
        case noPermission = "NOPERM"
        case busy = "BUSY"

        /// For readiness: `readonly`, `oom`, ….
        package var word: String {
            self == .noPermission ? "authentication" : rawValue.lowercased()
        }

        /// Another server may be the primary.
        var isOfReplica: Bool { self == .replica || self == .primaryIsDown }
    }

    package var refusal: Refusal? {
        switch code {
        case .server(let prefix): Refusal(rawValue: prefix)
        case .authentication: message.hasPrefix(Refusal.noPermission.rawValue) ? .noPermission : nil
        default: nil
        }
    }

    package var isNoScript: Bool { code == .server(prefix: "NOSCRIPT") }
}
