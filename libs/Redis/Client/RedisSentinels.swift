package import EventLoop

/// Finds the primary that Redis Sentinel has elected. A client asks before each of its connections, so it
/// follows a failover: Sentinel closes the connections to a primary that it deposes.
///
/// Source: "Guidelines for Redis clients with support for Redis Sentinel", redis.io.
@Loop
package final class RedisSentinels {
    /// For one sentinel, and for the primary that it names, to answer.
    private static let timeout = Duration.milliseconds(500)

    /// The one that answered last comes first.
    private var endpoints: [Endpoint]
    private let name: String
    private let sentinel: RedisConfiguration
    private let server: RedisConfiguration

    /// - Parameters:
    ///   - name: the sentinels' name of the primary.
    ///   - server: the primary's configuration. Sentinels are asked without credentials, over TLS if the
    /// primary uses it.
    package init(_ endpoints: [Endpoint], primary name: String, of server: RedisConfiguration) {
        precondition(!endpoints.isEmpty, "at least one sentinel is required")
        self.endpoints = endpoints
        self.name = name
        var server = server
        server.connectTimeout = Self.timeout
        server.commandTimeout = Self.timeout
        self.server = server
        var sentinel = RedisConfiguration(endpoint: endpoints[0])
        sentinel.tls = server.tls
        sentinel.connectTimeout = Self.timeout
        sentinel.commandTimeout = Self.timeout
        self.sentinel = sentinel
    }

    /// The provider that asks the sentinels; `nil` without sentinels, when the configuration's endpoint
    /// applies.
    package static func provider(
        _ endpoints: [Endpoint], primary name: String, of server: RedisConfiguration
    ) -> RedisEndpointProvider? {
        guard !endpoints.isEmpty else { return nil }
        let sentinels = RedisSentinels(endpoints, primary: name, of: server)
        return { try await sentinels.primary() }
    }

    /// Asks one sentinel after another until one names a server that itself reports to be a primary.
    package func primary() async throws(RedisError) -> Endpoint {
        var failure = RedisError(.notConnected, "no sentinel answers")
        for endpoint in endpoints {
            do throws(RedisError) {
                let found = try await named(by: endpoint)
                try await check(found)
                endpoints.removeAll { $0 == endpoint }
                endpoints.insert(endpoint, at: 0)
                return found
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func named(by endpoint: Endpoint) async throws(RedisError) -> Endpoint {
        let reply = try await query(endpoint, sentinel) {
            $0.add("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
        }
        guard let address = reply.array, address.count == 2, let host = address[0].string,
            let port = address[1].integer.flatMap({ UInt16(exactly: $0) })
        else { throw RedisError(.notConnected, "the sentinel does not know this primary") }
        return Endpoint(host: host, port: port)
    }

    /// A sentinel may not have learned of a failover yet.
    private func check(_ endpoint: Endpoint) async throws(RedisError) {
        let role = try await query(endpoint, server) { $0.add("ROLE") }
        guard role.array?.first?.string == "master" else {
            throw RedisError(.notConnected, "the server is not a primary")
        }
    }

    private func query(
        _ endpoint: Endpoint, _ configuration: RedisConfiguration, _ build: (inout RedisBatch) -> Void
    ) async throws(RedisError) -> RedisValue {
        let connection = try await RedisConnection.connect(to: endpoint, configuration)
        defer { connection.close() }
        return try await connection.pipeline(build)[0].get()
    }
}
