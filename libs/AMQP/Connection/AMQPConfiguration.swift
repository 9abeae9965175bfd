package import EventLoop

/// The broker's address, and the client's limits and timeouts.
package struct AMQPConfiguration: Sendable {
    package var endpoint: Endpoint
    /// The nodes of a cluster, one of which is connected to; `endpoint` when there are none.
    package var nodes: [Endpoint] = []
    package var user: String
    package var password: String
    package var virtualHost: String
    /// nil: plain TCP.
    package var tls: TLSClient?
    /// Shown in the broker's list of connections.
    package var connectionName = "waybill"
    /// Two missed in a row close the connection; the broker may negotiate a shorter one. Whole seconds.
    package var heartbeat: Duration = .seconds(10)
    /// Covers name resolution, TCP, TLS and the AMQP handshake.
    package var connectTimeout: Duration = .seconds(5)
    /// For every call that has a reply; when it passes, the connection counts as lost.
    package var callTimeout: Duration = .seconds(5)
    /// Larger bodies, in bytes, are delivered as an `AMQPDelivery.Defect`.
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

    init(_ text: String) throws(AMQPError) {
        let url: ServerURL
        do throws(ServerURLError) { url = try ServerURL(text) } catch {
            throw AMQPError(.invalidArgument, "the URL \(error)")
        }
        switch url.scheme {
        case "amqp": isSecure = false
        case "amqps": isSecure = true
        default: throw AMQPError(.invalidArgument, "the URL's scheme is not amqp or amqps")
        }
        guard !url.encodedPath.dropFirst().contains("/") else {
            throw AMQPError(.invalidArgument, "the URL has a virtual host of more than one segment")
        }
        host = url.host
        port = url.port ?? (isSecure ? 5671 : 5672)
        if let user = url.user { self.user = user }
        if let password = url.password { self.password = password }
        if !url.path.isEmpty { virtualHost = url.path }
    }
}
