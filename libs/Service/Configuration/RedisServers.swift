package import EventLoop
internal import Observability
package import Redis

/// How a service reaches Redis: one server, the primary that Sentinel names, or a cluster.
@Loop
package struct RedisServers {
    private enum Kind {
        case primary(RedisSentinels)
        case cluster(RedisCluster)
    }

    /// In a cluster, a call for several nodes waits for the slowest.
    private static let clusterTimeout = Duration.milliseconds(500)

    private let configuration: RedisConfiguration
    private let kind: Kind

    /// - Parameters:
    ///   - name: of the connections, on the servers.
    ///   - change: what differs from the usual.
    package init(
        _ settings: Settings, name: String, change: (inout RedisConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = try RedisConfiguration(settings[ServerKeys.redis], settings.tls, name: name)
        change(&configuration)
        let nodes = settings[ServerKeys.clusterNodes]
        if !nodes.isEmpty {
            configuration.commandTimeout = min(configuration.commandTimeout, Self.clusterTimeout)
        }
        self.configuration = configuration
        kind =
            nodes.isEmpty
            ? .primary(
                RedisSentinels(
                    settings[ServerKeys.sentinels], primary: settings[ServerKeys.primary], of: configuration,
                    user: settings[ServerKeys.sentinelUser],
                    password: settings[ServerKeys.sentinelPassword]?.reveal()))
            : .cluster(RedisCluster(configuration, seeds: nodes))
    }

    /// Follows the primary, or the nodes.
    package var discovery: any EventLoop.Service {
        switch kind {
        case .primary(let sentinels): sentinels
        case .cluster(let cluster): cluster
        }
    }

    package func commands() -> any RedisCommands {
        switch kind {
        case .primary(let sentinels): RedisClient(configuration, sentinels: sentinels)
        case .cluster(let cluster): RedisClusterClient(cluster)
        }
    }

    package func channels() -> any RedisChannels {
        switch kind {
        case .primary(let sentinels): RedisSubscriber(configuration, sentinels: sentinels)
        case .cluster(let cluster): RedisClusterSubscriber(cluster)
        }
    }

    /// A client for each server that has data of its own, for what a cluster's client cannot do: SCAN, CONFIG.
    package func primaries() async throws(RedisError) -> [RedisClient] {
        switch kind {
        case .primary(let sentinels): return [RedisClient(configuration, sentinels: sentinels)]
        case .cluster(let cluster):
            return try await cluster.primaries().map { endpoint in
                var configuration = configuration
                configuration.endpoint = endpoint
                return RedisClient(configuration)
            }
        }
    }
}
