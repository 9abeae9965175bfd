internal import Glibc

/// Why a connection could not be made, or ended.
package struct TransportError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The host name has no address, or the name server did not answer.
        case unresolved
        /// The deadline passed.
        case timeout
        /// The peer did not read, and the output limit was reached.
        case slowPeer
        /// The peer ended the connection in the middle of a message.
        case closed
        /// The TLS handshake or record layer failed, or the certificate was not accepted.
        case tls
        /// A system call failed with this errno.
        case system(Int32)
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String {
        guard case .system(let number) = code else { return message }
        return unsafe "\(message): \(String(cString: strerror(number)))"
    }
}
