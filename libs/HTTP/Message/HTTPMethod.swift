/// A request method this library knows (RFC 9110, 9.3, RFC 5789, and the HTTP QUERY method); any other is refused
/// with 501.
package enum HTTPMethod: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, patch, options, trace, connect, query

    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .query: "QUERY"
        }
    }

    /// Whether a request changes nothing (RFC 9110, 9.2.1).
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace, .query: true
        case .post, .put, .delete, .patch, .connect: false
        }
    }

    /// Method names are case-sensitive.
    init?(_ token: Span<UInt8>) {
        let candidate: HTTPMethod
        switch (token.count, token[0]) {
        case (3, UInt8(ascii: "G")): candidate = .get
        case (3, UInt8(ascii: "P")): candidate = .put
        case (4, UInt8(ascii: "P")): candidate = .post
        case (4, UInt8(ascii: "H")): candidate = .head
        case (5, UInt8(ascii: "P")): candidate = .patch
        case (5, UInt8(ascii: "T")): candidate = .trace
        case (5, UInt8(ascii: "Q")): candidate = .query
        case (6, UInt8(ascii: "D")): candidate = .delete
        case (7, UInt8(ascii: "O")): candidate = .options
        case (7, UInt8(ascii: "C")): candidate = .connect
        default: return nil
        }
        var i = 0
        for byte in candidate.name.utf8 {
            guard token[i] == byte else { return nil }
            i += 1
        }
        self = candidate
    }
}
