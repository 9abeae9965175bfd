package import EventLoop

/// Where the broker is and how to behave towards it.
package struct AMQPConfiguration: Sendable {
    package var endpoint: Endpoint
    package var user: String
    package var password: String
    package var virtualHost: String
    /// nil: plain TCP.
    package var tls: TLSClient?
    /// Shown in the broker's list of connections.
    package var connectionName = "waybill"
    /// Two missed in a row end the connection; the broker may ask for a shorter one. Whole seconds.
    package var heartbeat: Duration = .seconds(10)
    /// Covers name, TCP, TLS and the AMQP handshake.
    package var connectTimeout: Duration = .seconds(5)
    /// For every call that has an answer; when it passes the connection counts as lost.
    package var callTimeout: Duration = .seconds(5)
    /// Bodies past this many bytes are delivered as a `Delivery.Defect`.
    package var bodyLimit = 1 << 20

    package init(endpoint: Endpoint, user: String, password: String, virtualHost: String = "/") {
        self.endpoint = endpoint
        self.user = user
        self.password = password
        self.virtualHost = virtualHost
    }

    /// Reads `amqp[s]://user:password@host:port/vhost` (https://www.rabbitmq.com/docs/uri-spec); an absent or
    /// empty vhost is `/`.
    /// - Parameter authorities: PEM file of trusted roots for `amqps`; nil: the system's.
    @Loop package init(url: String, authorities: String? = nil) throws(AMQPError) {
        let parts = try AMQPURLParts(url)
        self.init(
            endpoint: Endpoint(host: parts.host, port: parts.port), user: parts.user,
            password: parts.password,
            virtualHost: parts.virtualHost)
        if parts.isSecure {
            do { tls = try TLSClient(authorities: authorities) } catch {
                throw AMQPError(.invalidArgument, error.description)
            }
        }
    }
}

struct AMQPURLParts: Equatable {
    var isSecure: Bool
    var user = "guest"
    var password = "guest"
    var host: String
    var port: UInt16
    var virtualHost = "/"

    init(_ url: String) throws(AMQPError) {
        let fault = AMQPError(.invalidArgument, "not an amqp:// or amqps:// URL")
        var rest: Substring
        if url.hasPrefix("amqp://") {
            (isSecure, rest, port) = (false, url.dropFirst(7), 5672)
        } else if url.hasPrefix("amqps://") {
            (isSecure, rest, port) = (true, url.dropFirst(8), 5671)
        } else {
            throw fault
        }
        rest = rest.prefix { $0 != "?" && $0 != "#" }
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            guard let decoded = Self.decode(path) else { throw fault }
            if !decoded.isEmpty { virtualHost = decoded }
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let pair = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = Self.decode(pair[0]) else { throw fault }
            self.user = user
            if pair.count == 2 {
                guard let password = Self.decode(pair[1]) else { throw fault }
                self.password = password
            }
            rest = rest[rest.index(after: at)...]
        }
        if let endpoint = Endpoint(String(rest)), !rest.hasPrefix(":") {
            (host, port) = (endpoint.host, endpoint.port)
        } else {
            guard !rest.isEmpty, !rest.contains(":") || rest.hasPrefix("[") else { throw fault }
            host = String(rest.filter { $0 != "[" && $0 != "]" })
        }
    }

    /// Percent-decoding (RFC 3986, section 2.1); nil when it is broken or not UTF-8.
    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(hex), let low = iterator.next().flatMap(hex) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        Character(UnicodeScalar(digit)).hexDigitValue.map(UInt8.init)
    }
}
