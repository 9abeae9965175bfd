/// The error type of this library.
///
/// `message` may quote the broker and stays out of `description`: log it at debug level only.
package struct AMQPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No connection now; nothing was sent.
        case notConnected = "not connected"
        /// The TCP or AMQP handshake failed.
        case connectionFailed = "connection failed"
        /// The TLS handshake failed, or the certificate was not accepted.
        case tls
        /// The broker refused the user, the password or the virtual host.
        case authenticationFailed = "authentication failed"
        /// The connection ended during the operation: its outcome is unknown.
        case connectionLost = "connection lost"
        /// The deadline passed during the operation: its outcome is unknown.
        case timeout
        /// The broker closed the connection with `connection.close`.
        case connectionClosed = "connection closed"
        /// The broker closed the channel with `channel.close`; `replyCode` says why.
        case channelClosed = "channel closed"
        /// The broker blocks publishers (memory or disk alarm); nothing was sent.
        case blocked
        /// The window of unconfirmed messages, or the socket's buffer, is full; nothing was sent.
        case overloaded
        /// A mandatory message reached no queue; it is not stored.
        case returned
        /// The broker nacked the message on every attempt; it is not stored.
        case nacked
        /// The peer violated the protocol, or speaks another one.
        case protocolViolation = "protocol violation"
        /// A name or table that the protocol cannot encode.
        case invalidArgument = "invalid argument"
        /// This side closed the client, publisher or consumer.
        case closed
        /// The waiting task was cancelled: the operation's outcome is unknown.
        case cancelled
    }

    package let code: Code
    /// AMQP reply code (0-9-1, section 1.2), as in `channel.close`, `connection.close`, `basic.return`.
    package let replyCode: UInt16?
    package let message: String

    package init(_ code: Code, replyCode: UInt16? = nil, _ message: String = "") {
        self.code = code
        self.replyCode = replyCode
        self.message = message
    }

    /// Whether the same call, with the same message id, may succeed later.
    package var isRetriable: Bool {
        switch code {
        case .notConnected, .connectionLost, .timeout, .blocked, .overloaded, .nacked, .returned,
            .connectionFailed:
            true
        case .connectionClosed:
            // 320 connection-forced, 501 frame-error … 504 channel-error, 541 internal-error
            replyCode.map { $0 == 320 || $0 >= 500 } ?? true
        case .channelClosed:
            // 311 content-too-large, 313 no-consumers, 405 resource-locked, 506 resource-error
            replyCode.map { $0 == 313 || $0 == 405 || $0 >= 500 } ?? false
        case .authenticationFailed, .tls, .protocolViolation, .invalidArgument, .closed, .cancelled:
            false
        }
    }

    /// Whether the broker may have stored the message although the call failed: retry only with the same
    /// message id, for an idempotent consumer.
    package var isOutcomeUnknown: Bool {
        switch code {
        case .connectionLost, .timeout, .connectionClosed, .channelClosed, .cancelled: true
        default: false
        }
    }

    /// For readiness.
    var problem: String {
        switch (code, replyCode ?? 0) {
        // not-allowed: no such virtual host, no access to it, or its limit of connections is reached
        case (.authenticationFailed, 530), (.connectionClosed, 530): "vhost"
        case (.authenticationFailed, _), (.connectionClosed, 403): "authentication"
        case (.tls, _): "tls"
        // 403 access-refused, 404 not-found, 405 resource-locked, 406 precondition-failed
        case (.channelClosed, 403...406): "declaration"
        case (.protocolViolation, _): "protocol"
        default: "unreachable"
        }
    }

    package var description: String {
        if let replyCode { "AMQP \(code.rawValue) (\(replyCode))" } else { "AMQP \(code.rawValue)" }
    }

    /// With what this side or the broker says of the connection, for the log: it has names, and none of the messages.
    package var detail: String { message.isEmpty ? description : "\(description): \(message.prefix(200))" }
}
