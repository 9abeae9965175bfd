package import HTTP

/// Where a request may carry its token.
package enum BearerToken {
    /// The subprotocol of the native WebSocket; the only one that is echoed.
    package static let subprotocol = "waybill.v1"
    private static let subprotocolPrefix = "bearer."

    /// `Authorization: Bearer …` (RFC 6750, section 2.1): the one way of the REST routes. The scheme's name
    /// ignores case; two such headers are none.
    package static func inAuthorization(_ request: HTTPRequest) -> String? {
        let values = request.headers.values("Authorization")
        guard values.count == 1 else { return nil }
        return credentials(values[0])
    }

    static func credentials(_ value: String) -> String? {
        var rest = value[...].utf8
        for byte in "bearer ".utf8 {
            // Letters differ by case in this bit alone, and the space has it.
            guard let first = rest.popFirst(), first | 0x20 == byte else { return nil }
        }
        while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        return rest.isEmpty ? nil : String(Substring(rest))
    }

    /// The ways open to sockets and streams, in order of preference: the header, the subprotocol list
    /// (`waybill.v1, bearer.<token>`), and last the query, which is redacted wherever it is logged.
    package static func forSocket(_ request: HTTPRequest) -> String? {
        if let token = inAuthorization(request) { return token }
        let offered = request.webSocketProtocols.first { $0.hasPrefix(subprotocolPrefix) }
        if let offered { return String(offered.dropFirst(subprotocolPrefix.count)) }
        return request.query("access_token").flatMap { $0.isEmpty ? nil : $0 }
    }
}
