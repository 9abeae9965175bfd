package import HTTP

/// Extracts the bearer token of a request.
package enum BearerToken {
    /// The subprotocol of the native WebSocket protocol, the only one that the server selects.
    package static let subprotocol = "waybill.v1"
    private static let subprotocolPrefix = "bearer."

    /// `Authorization: Bearer …` (RFC 6750, section 2.1), the only source for REST routes. The scheme is
    /// case-insensitive; nil when the header occurs twice.
    package static func inAuthorization(_ request: HTTPRequest) -> String? {
        let values = request.headers.values("Authorization")
        guard values.count == 1 else { return nil }
        return credentials(values[0])
    }

    static func credentials(_ value: String) -> String? {
        var rest = value[...].utf8
        for byte in "bearer ".utf8 {
            // The bit 0x20 distinguishes upper from lower case and is set in the space.
            guard let first = rest.popFirst(), first | 0x20 == byte else { return nil }
        }
        while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        return rest.isEmpty ? nil : String(Substring(rest))
    }

    /// The sources for WebSockets and event streams, in order of preference: the header, the subprotocol list
    /// (`waybill.v1, bearer.<token>`), and the query, which is redacted in logs.
    package static func forSocket(_ request: HTTPRequest) -> String? {
        if let token = inAuthorization(request) { return token }
        let offered = request.webSocketProtocols.first { $0.hasPrefix(subprotocolPrefix) }
        if let offered { return String(offered.dropFirst(subprotocolPrefix.count)) }
        return request.query("access_token").flatMap { $0.isEmpty ? nil : $0 }
    }
}
