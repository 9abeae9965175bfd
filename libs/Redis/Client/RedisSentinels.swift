internal import Bytes
package import EventLoop

/// Finds the primary that Redis Sentinel has elected. Clients ask before each of their connections, and leave a primary when
/// a sentinel announces another one; Sentinel closes the connections to one that it deposes, if it can reach it. Without
/// sentinels the primary is the server of the configuration.
///
/// Source: "Guidelines for Redis clients with support for Redis Sentinel" and "Sentinel: Pub/Sub messages", redis.io.
@Loop
package final class RedisSentinels: Service {
    /// For one sentinel, and for the primary that it names, to answer.
    private static let timeout = Duration.milliseconds(500)

    /// The one that answered last comes first.
    private var endpoints: [Endpoint]
    private let name: String
    private let sentinel: RedisConfiguration
    private let server: RedisConfiguration
    private var observers: [@Loop (Endpoint) -> Void] = []
    private var nextToFollow = 0

    /// - Parameters:
    ///   - name: the sentinels' name of the primary.
    ///   - server: the primary's configuration. Sentinels are asked over TLS if the primary uses it.
    ///   - user: with the password, the sentinels' own credentials; without a password they are asked without.
    package init(
        _ endpoints: [Endpoint], primary name: String, of server: RedisConfiguration, user: String? = nil,
        password: String? = nil
    ) {
        self.endpoints = endpoints
        self.name = name
        var server = server
        server.connectTimeout = Self.timeout
        server.commandTimeout = Self.timeout
        self.server = server
        var sentinel = RedisConfiguration(endpoint: endpoints.first ?? server.endpoint)
        sentinel.user = user
        sentinel.password = password
        sentinel.clientName = server.clientName
        sentinel.tls = server.tls
        sentinel.connectTimeout = Self.timeout
        sentinel.commandTimeout = Self.timeout
        self.sentinel = sentinel
    }

    /// Called with the primary that a sentinel announces.
    func onSwitch(_ observer: @escaping @Loop (Endpoint) -> Void) { observers.append(observer) }

    /// Listens to one of the sentinels at a time.
    package func run() async throws {
        guard !endpoints.isEmpty else { return try await Loop.sleepUntilCancelled() }
        let subscriber = RedisSubscriber(sentinel) { [self] in
            nextToFollow += 1
            return endpoints[nextToFollow % endpoints.count]
        }
        subscriber.onMessage = { [weak self] in self?.announced($1) }
        let channel = Loop.task { try? await subscriber.subscribe("+switch-master") }
        await subscriber.run()
        channel.cancel()
        try Task.checkCancellation()
    }

    /// `<name> <old host> <old port> <new host> <new port>`
    private func announced(_ message: [UInt8]) {
        let parts = String(decoding: message, as: UTF8.self).split(separator: " ")
        guard parts.count == 5, parts[0].hasSameBytes(as: name), let port = UInt16(parts[4]) else { return }
        for observer in observers { observer(Endpoint(host: String(parts[3]), port: port)) }
    }

    /// Asks one sentinel after another until one names a server that itself reports to be a primary.
    package func primary() async throws(RedisError) -> Endpoint {
        if endpoints.isEmpty { return server.endpoint }
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
