internal import EventLoop

/// An error of a client, or of streaming a body.
package struct HTTPError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The URL or the request cannot be sent.
        case invalidRequest
        /// No connection: name or TCP failed.
        case unreachable
        /// No session: the handshake failed, or the certificate was not accepted.
        case tls
        /// The peer closed before the message was complete.
        case connectionClosed
        /// The peer broke RFC 9112 or RFC 6455.
        case protocolViolation
        /// A limit on head, body or frames was exceeded.
        case tooLarge
        /// The deadline passed.
        case timeout
        /// Too many requests wait for a connection.
        case overloaded
        /// The caller's task was cancelled.
        case cancelled
        /// A WebSocket handshake was not answered with 101; see `status`.
        case upgradeRefused
    }

    package var code: Code
    package var message: String
    /// The peer's status, for `.upgradeRefused`.
    package var status: HTTPStatus?

    /// That there is no connection.
    init(_ error: TransportError) {
        let code: Code =
            switch error.code {
            case .timeout: .timeout
            case .tls: .tls
            default: .unreachable
            }
        self.init(code, error.description)
    }

    package init(_ code: Code, _ message: String, status: HTTPStatus? = nil) {
        self.code = code
        self.message = message
        self.status = status
    }

    /// Never contains a URL, a header or a body.
    package var description: String { "HTTP \(code): \(message)" }

    /// Whether the request certainly did not reach the peer's application.
    package var isRetriable: Bool { [.unreachable, .tls, .overloaded].contains(code) }
}

/// A request that reaches no handler.
package struct HTTPRefusal: Sendable {
    package let status: HTTPStatus
    /// The rule that it broke, without anything that it contained.
    package let reason: String
    /// Nil when its head could not be read.
    package let request: HTTPRequest?
    /// Fields that the response must have.
    package let headers: KeyValuePairs<String, String>

    init(
        _ status: HTTPStatus, _ reason: String, of request: HTTPRequest? = nil,
        headers: KeyValuePairs<String, String> = [:]
    ) {
        self.status = status
        self.reason = reason
        self.request = request
        self.headers = headers
    }
}

/// Why a message is refused: the status to answer with and the rule it broke.
package struct HTTPParseError: Error, Sendable, Equatable {
    package let status: HTTPStatus
    package let reason: String

    init(_ status: HTTPStatus, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}
