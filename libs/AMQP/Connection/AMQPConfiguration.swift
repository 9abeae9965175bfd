package import EventLoop

/// The broker's address, and the client's limits and timeouts.
package struct AMQPConfiguration: Sendable {
    /// The nodes of a cluster, or one broker; one of them is connected to.
    package var endpoints: [Endpoint]
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

    /// The first.
    package var endpoint: Endpoint {
        get { endpoints[0] }
        set { endpoints = [newValue] }
    }

    package init(endpoint: Endpoint, user: String, password: String, virtualHost: String = "/") {
        endpoints = [endpoint]
        self.user = user
        self.password = password
        self.virtualHost = virtualHost
    }

    /// Reads `amqp[s]://user:password@host:port,host:port/vhost` (https://www.rabbitmq.com/docs/uri-spec); an absent or
    /// empty vhost is `/`.
    /// - Parameter authorities: PEM file of trusted roots for `amqps`; nil: the system's.
    @Loop package init(url: String, authorities: String? = nil) throws(AMQPError) {
        let parts = try AMQPURLParts(url)
        self.init(
            endpoint: parts.endpoints[0], user: parts.user, password: parts.password,
            virtualHost: parts.virtualHost)
        endpoints = parts.endpoints
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
    var endpoints: [Endpoint]
    var virtualHost = "/"

    init(_ text: String) throws(AMQPError) {
        let url: ServerURL
        do throws(ServerURLError) { url = try ServerURL(text, mayHaveHosts: true) } catch {
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
        let port: UInt16 = isSecure ? 5671 : 5672
        endpoints = url.hosts.map { Endpoint(host: $0.name, port: $0.port ?? port) }
        if let user = url.user { self.user = user }
        if let password = url.password { self.password = password }
        if !url.path.isEmpty { virtualHost = url.path }
    }
}
