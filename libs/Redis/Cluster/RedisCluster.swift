package import EventLoop

/// Knows which node serves each slot of a Redis Cluster. ``RedisClusterClient`` and ``RedisClusterSubscriber`` share
/// it.
///
/// The nodes are asked at the start, and again when a command is redirected or refused or a connection is lost: one at
/// a time, and about twice a second at most, however many commands fail.
@Loop
package final class RedisCluster: Service {
    /// For one node to answer.
    package static let timeout = Duration.milliseconds(500)
    /// Between two refreshes, with as much again at random: clients that lost a node together do not ask together.
    private static let interval = Duration.milliseconds(400)
    /// Known nodes that are asked in one refresh, before the seeds.
    private static let attempts = 4

    enum Change {
        /// The nodes were asked; the topology may be the same as before.
        case refreshed
        /// A redirection has named the primary of one slot.
        case redirected
    }

    /// Of each node, but for its endpoint.
    let configuration: RedisConfiguration
    private let seeds: [Endpoint]
    private let query: RedisConfiguration
    private(set) var topology = ClusterTopology()
    /// Why the last refresh failed; nil after one that did not.
    private(set) var lastError: RedisError?
    private var observers: [@Loop (Change) -> Void] = []
    private let isWanted = AsyncSignal()
    private let stopping = AsyncSignal()

    /// - Parameters:
    ///   - configuration: credentials, TLS, timeouts and limits, the same for all nodes. A cluster has the database 0
    ///     alone. With TLS the certificates carry the names or addresses that the nodes announce.
    ///   - seeds: nodes to ask first; the configuration's endpoint when empty.
    ///   - timeout: for one node to answer.
    package init(
        _ configuration: RedisConfiguration, seeds: [Endpoint] = [], timeout: Duration = RedisCluster.timeout
    ) {
        var configuration = configuration
        // A replica redirects to its primary.
        configuration.requiresPrimary = false
        self.configuration = configuration
        self.seeds = seeds.isEmpty ? [configuration.endpoint] : seeds
        configuration.connectTimeout = min(timeout, configuration.connectTimeout)
        configuration.commandTimeout = min(timeout, configuration.commandTimeout)
        query = configuration
        isWanted.set()
    }

    /// Asks for the primaries now.
    package func primaries() async throws(RedisError) -> [Endpoint] {
        guard await update() else { throw lastError ?? RedisError(.notConnected) }
        return topology.primaries
    }

    /// Called when the topology may have changed.
    func onChange(_ observer: @escaping @Loop (Change) -> Void) { observers.append(observer) }

    /// Asks for a refresh, without waiting for it.
    func refresh() { isWanted.set() }

    /// A node has named the primary of a slot.
    func redirect(_ slot: Int, to endpoint: Endpoint) {
        refresh()
        if topology.assign(slot, to: endpoint) { report(.redirected) }
    }

    /// Refreshes whenever it is asked to, until ``close()`` or until the calling task is cancelled.
    package func run() async {
        while !stopping.isSet, !Task.isCancelled, await isWanted.wait(), !stopping.isSet {
            isWanted.reset()
            if await !update() || !topology.isComplete { isWanted.set() }
            await stopping.wait(within: Self.interval + Self.interval.jittered)
        }
    }

    package func close() {
        stopping.set()
        isWanted.set()
    }

    /// Asks one node after another until one answers.
    private func update() async -> Bool {
        let known = topology.primaries.shuffled().prefix(Self.attempts)
        for node in known + seeds.shuffled().filter({ !known.contains($0) }) where !stopping.isSet {
            do throws(RedisError) {
                topology = try await slots(from: node)
                lastError = nil
                report(.refreshed)
                return true
            } catch {
                lastError = error
            }
        }
        report(.refreshed)
        return false
    }

    private func slots(from node: Endpoint) async throws(RedisError) -> ClusterTopology {
        let connection = try await RedisConnection.connect(to: node, query)
        defer { connection.close() }
        let topology = try ClusterTopology(await connection.command("CLUSTER", "SLOTS"), from: node)
        // It has left the cluster, or has not joined it yet.
        if topology.primaries.isEmpty { throw RedisError(.notConnected, "the node knows no slots") }
        return topology
    }

    private func report(_ change: Change) {
        for observer in observers { observer(change) }
    }
}
