internal import EventLoop

extension ServerConnection {
    /// See ``HTTPRequest/clientAddress``.
    func clientAddress(of request: HTTPRequest) -> IPAddress {
        let hops = request.headers.values("X-Forwarded-For").joined(separator: ",")
        return limits.client(from: transport.peer.address, through: hops)
    }
}

extension HTTPServer.Configuration {
    func isTrusted(_ address: IPAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }

    /// The rightmost hop that is no trusted proxy; when all are, the leftmost. A hop that is no address ends the search,
    /// since whoever sent it is not known.
    ///
    /// - Parameters:
    ///   - peer: of the connection.
    ///   - hops: the value of `X-Forwarded-For`.
    func client(from peer: IPAddress, through hops: String) -> IPAddress {
        var client = peer
        for hop in hops.split(separator: ",").reversed() {
            guard isTrusted(client), let address = Self.address(hop.trimmingSpaces) else { break }
            client = address
        }
        return client
    }

    /// Some proxies add the port.
    private static func address(_ hop: Substring) -> IPAddress? {
        IPAddress(hop) ?? Endpoint(String(hop)).flatMap { IPAddress($0.host) }
    }
}
