/// A WebSocket close code (RFC 6455, 7.4).
package struct CloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package init(_ value: UInt16) { rawValue = value }

    package static let normal = CloseCode(1000)
    package static let goingAway = CloseCode(1001)
    package static let protocolError = CloseCode(1002)
    package static let unsupportedData = CloseCode(1003)
    /// A close frame without a code; never sent.
    package static let noStatus = CloseCode(1005)
    /// The connection ended without a close frame; never sent.
    package static let abnormal = CloseCode(1006)
    package static let invalidPayload = CloseCode(1007)
    package static let policyViolation = CloseCode(1008)
    package static let messageTooBig = CloseCode(1009)
    package static let internalError = CloseCode(1011)
    package static let tryAgainLater = CloseCode(1013)

    /// Whether the code may stand in a frame: assigned ones, and those for libraries and applications.
    package var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    package var description: String { "\(rawValue)" }
}

/// The peer broke RFC 6455 or a limit: the code to close with.
package struct WebSocketFailure: Error, Sendable, Equatable {
    package let code: CloseCode
    package let reason: String

    init(_ code: CloseCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}
