package import EventLoop

/// A client of the nodes of a Redis Cluster: one connection for each primary.
///
/// A pipeline may have commands for several nodes, which run their parts at the same time. It is sent once all of these
/// nodes are connected; while one is not, a call waits half of `commandTimeout` for it, or for the slot's new primary,
/// and fails with `.notConnected`: then nothing of it was sent. When the connection to a node is lost, or a node does
/// not reply, the call throws that node's error after all parts have ended: commands of any node may have run, and none
/// is sent again.
///
/// Commands that a node redirects, or refuses for now (`TRYAGAIN`, `CLUSTERDOWN`, `LOADING`), are sent again until
/// `commandTimeout`, in their order. What then becomes of each is its reply: also the error of a node that refuses it
/// to the end, is not connected or does not reply. Such a command runs after later ones of its pipeline that were not
/// refused.
@Loop
package final class RedisClusterClient: RedisCommands {
    package let isCluster = true

    private let cluster: RedisCluster
    private let configuration: RedisConfiguration
    private var nodes: [Endpoint: RedisClient] = [:]
    /// The nodes of the topology's primaries, with the same indices.
    private var primaries: [RedisClient] = []
    private let tasks = TaskTracker()
    private let stopping = AsyncSignal()
    private var isRunning = false
    private var reported = RedisConnectionState.down(nil)
    /// Calls that wait until a node is connected or the topology has changed.
    private let changes: WaiterQueue<Void>
    /// Calls that wait for replies.
    private let replyWaiters: WaiterQueue<Void>
    private var spareBatch = RedisBatch()

    package var onStateChange: (@Loop (RedisConnectionState) -> Void)?
    package var onRefusal: (@Loop () -> Void)?

    /// - Parameter cluster: runs as a service of its own.
    package init(_ cluster: RedisCluster) {
        self.cluster = cluster
        configuration = cluster.configuration
        changes = WaiterQueue(limit: configuration.pendingCommands)
        replyWaiters = WaiterQueue(limit: configuration.pendingCommands)
        cluster.onChange { [weak self] _ in self?.follow() }
    }

    /// Keeps the nodes connected until ``close()`` or until the calling task is cancelled.
    package func run() async {
        guard !stopping.isSet, !isRunning else { return }
        isRunning = true
        follow()
        await stopping.wait()
        close()
        await tasks.finish()
        report()
    }

    package func close() {
        stopping.set()
        for node in nodes.values { node.close() }
        changes.resumeAll(returning: ())
    }

    package func ready(within limit: Duration) async throws(RedisError) {
        try await wait(until: Loop.now + limit) { state.isUp ? () : nil }
    }

    // MARK: State

    package var state: RedisConnectionState {
        if stopping.isSet { return .down(RedisError(.closed)) }
        let topology = cluster.topology
        if topology.primaries.isEmpty { return .down(cluster.lastError) }
        guard topology.isComplete, let first = primaries.first else {
            return .down(RedisError(.notConnected, "slots are not covered"))
        }
        return (primaries.first { !$0.state.isUp } ?? first).state
    }

    package var isPartial: Bool { problem != nil && anyNode != nil }

    package var problem: RedisProblem? {
        state.problem ?? primaries.lazy.compactMap(\.problem).first
    }

    private func report() {
        let state = state
        guard state != reported else { return }
        reported = state
        onStateChange?(state)
    }

    // MARK: Nodes

    /// Has a client for each primary of the topology, and for no other node.
    private func follow() {
        guard isRunning, !stopping.isSet else { return }
        let named = Set(cluster.topology.primaries)
        for (endpoint, node) in nodes where !named.contains(endpoint) {
            nodes[endpoint] = nil
            retire(node)
        }
        primaries = cluster.topology.primaries.map { node(at: $0) }
        report()
        changes.resumeAll(returning: ())
    }

    private func node(at endpoint: Endpoint) -> RedisClient {
        if let node = nodes[endpoint] { return node }
        var configuration = configuration
        configuration.endpoint = endpoint
        let node = RedisClient(configuration)
        nodes[endpoint] = node
        node.onRefusal = { [weak self] in self?.onRefusal?() }
        node.onStateChange = { [weak self] state in
            guard let self else { return }
            state.isUp ? changes.resumeAll(returning: ()) : cluster.refresh()
            report()
        }
        tasks.start { await node.run() }
        return node
    }

    /// Closes a node once its commands have ended.
    private func retire(_ node: RedisClient) {
        node.onStateChange = nil
        tasks.start { [self] in
            await stopping.wait(within: configuration.commandTimeout)
            node.close()
        }
    }

    private func primary(of slot: Int) -> RedisClient? {
        cluster.topology.index(of: slot).flatMap { $0 < primaries.count ? primaries[$0] : nil }
    }

    private var anyNode: RedisClient? { primaries.first { $0.isConnected } }

    // MARK: Commands

    package func pipeline(_ build: (inout RedisBatch) -> Void) async throws(RedisError) -> [RedisValue] {
        try await execute(nil, build)
    }

    package func evaluate(
        _ script: RedisScript, keys: Int, arguments: Int, _ append: (inout RedisBatch) -> Void
    ) async throws(RedisError) -> RedisValue {
        let replies = try await evaluate(script, count: 1, keys: keys, arguments: arguments) { append(&$1) }
        if case .error(let error) = replies[0], error.refusal == nil {
            var batch = RedisBatch()
            batch.evaluate(script.digest ?? "", keys, arguments, append)
            parts(of: [ClusterRequest(index: 0)], in: batch, loading: nil)?.first?.node
                .note(ofScript: error)
        }
        return try replies[0].get()
    }

    package func evaluate(
        _ script: RedisScript, count: Int, keys: Int, arguments: Int,
        _ append: (_ index: Int, inout RedisBatch) -> Void
    ) async throws(RedisError) -> [RedisValue] {
        if script.digest == nil {
            guard let digest = try await command("SCRIPT", "LOAD", script.source).string else {
                throw .unexpected("SCRIPT LOAD")
            }
            script.digest = digest
        }
        let digest = script.digest ?? ""
        return try await execute(script) { batch in
            for index in 0..<count { batch.evaluate(digest, keys, arguments) { append(index, &$0) } }
        }
    }

    /// - Parameter script: loaded on the nodes that do not have it.
    private func execute(
        _ script: RedisScript?, _ build: (inout RedisBatch) -> Void
    ) async throws(RedisError) -> [RedisValue] {
        var batch = RedisBatch()
        swap(&batch, &spareBatch)
        build(&batch)
        var parts: [ClusterPart] = []
        defer {
            // Else removing the commands would copy their buffer.
            parts = []
            batch.removeAll()
            swap(&batch, &spareBatch)
        }
        if batch.isEmpty { return [] }
        let start = Loop.now
        let deadline = start + configuration.commandTimeout
        parts = try await wait(until: start + configuration.commandTimeout / 2) { split(batch) }
        for part in parts {
            guard let refusal = part.node.refusal(for: part.batch) else { continue }
            // A hanging node keeps its connection; another one may have its slots already.
            cluster.refresh()
            throw refusal
        }

        var replies: [RedisValue] = []
        var attempts = ClusterAttempts(script)
        while true {
            let outcomes = await exchange(parts, until: deadline)
            var again = try merge(outcomes, of: parts, count: batch.count, into: &replies, &attempts)
            guard !again.isEmpty, let delay = attempts.delay(before: again), Loop.now + delay < deadline
            else {
                return replies
            }
            if delay > .zero, await stopping.wait(within: delay) { return replies }
            again.sort { $0.index < $1.index }
            do {
                parts = try await wait(until: deadline) {
                    self.parts(of: again, in: batch, loading: attempts.missingScript)
                }
            } catch {
                for request in again { replies[request.index] = .error(error) }
                return replies
            }
        }
    }

    /// The parts of a new pipeline; nil while one of its nodes is not connected.
    private func split(_ batch: RedisBatch) -> [ClusterPart]? {
        var only: RedisClient?
        for command in batch.commands {
            guard let slot = command.slot else { continue }
            guard let node = primary(of: slot), node.isConnected else { return nil }
            if let only, only !== node {
                return parts(of: (0..<batch.count).map { ClusterRequest(index: $0) }, in: batch, loading: nil)
            }
            only = node
        }
        return (only ?? anyNode).map { [ClusterPart($0, all: batch)] }
    }

    private func parts(
        of requests: [ClusterRequest], in batch: RedisBatch, loading source: String?
    ) -> [ClusterPart]? {
        let commands = Array(batch.commands)
        var parts: [ClusterPart] = []
        for request in requests {
            let command = commands[request.index]
            let found: RedisClient? =
                if let endpoint = request.asks {
                    nodes.count < 2 * ClusterTopology.nodeLimit ? node(at: endpoint) : nodes[endpoint]
                } else if let slot = request.slot ?? command.slot {
                    primary(of: slot)
                } else {
                    parts.first?.node ?? anyNode
                }
            guard let found, found.isConnected else { return nil }
            let place = parts.firstIndex { $0.node === found } ?? parts.count
            if place == parts.count { parts.append(ClusterPart(found, loading: source)) }
            parts[place].add(request, batch.bytes[command.range])
        }
        return parts
    }

    /// Sends the parts and waits for all of them.
    private func exchange(_ parts: [ClusterPart], until deadline: Instant) async -> [ClusterExchange.Outcome]
    {
        let exchange = ClusterExchange(parts)
        let result = await replyWaiters.wait(
            until: deadline,
            enqueued: { waiter in
                exchange.send(parts) { [replyWaiters] in replyWaiters.resume(waiter, returning: ()) }
            })
        let error: RedisError
        switch result {
        case .value: return exchange.outcomes
        case .timedOut: error = RedisError(.timeout, "no reply within \(configuration.commandTimeout)")
        case .cancelled: error = .cancelled
        case .overloaded: error = RedisError(.overloaded, "\(replyWaiters.count) callers are waiting")
        }
        return parts.map { _ in .failure(error) }
    }

    /// Puts the replies in their places; returns the commands to send again.
    private func merge(
        _ outcomes: [ClusterExchange.Outcome], of parts: [ClusterPart], count: Int,
        into replies: inout [RedisValue], _ attempts: inout ClusterAttempts
    ) throws(RedisError) -> [ClusterRequest] {
        let isFirst = replies.isEmpty
        let failures = outcomes.compactMap(\.failure)
        if !failures.isEmpty { cluster.refresh() }
        if isFirst, let error = failures.first(where: \.outcomeIsUnknown) ?? failures.first { throw error }
        if isFirst, parts.count > 1 { replies = Array(repeating: .null, count: count) }
        var again: [ClusterRequest] = []
        for (part, outcome) in zip(parts, outcomes) {
            switch outcome {
            case .failure(let error):
                for case let index? in part.indices { replies[index] = .error(error) }
            case .success(let values):
                if part.indices.isEmpty { replies = values }
                for (position, value) in values.enumerated() {
                    guard let index = part.indices.isEmpty ? position : part.indices[position] else {
                        continue
                    }
                    replies[index] = value
                    if case .error(let error) = value,
                        let request = request(index, after: error, of: part.node, &attempts)
                    {
                        again.append(request)
                    }
                }
            }
        }
        return again
    }

    /// What to do about a command that a node did not run; nil when its error is the reply.
    private func request(
        _ index: Int, after error: RedisError, of node: RedisClient, _ attempts: inout ClusterAttempts
    ) -> ClusterRequest? {
        if let redirection = error.redirection {
            let endpoint = redirection.endpoint(from: node.endpoint)
            if redirection.isOnce { return ClusterRequest(index: index, asks: endpoint) }
            cluster.redirect(redirection.slot, to: endpoint)
            return ClusterRequest(index: index, slot: redirection.slot)
        }
        if error.isNoScript { return attempts.missesScript() ? ClusterRequest(index: index) : nil }
        guard error.isOfCluster || error.refusal == .loading else { return nil }
        cluster.refresh()
        return ClusterRequest(index: index, isDelayed: true)
    }

    /// Waits until `find` has a value, which depends on the topology and on the connected nodes.
    private func wait<Value>(
        until limit: Instant, for find: () -> Value?
    ) async throws(RedisError) -> Value {
        while true {
            if stopping.isSet { throw RedisError(.closed) }
            if let value = find() { return value }
            cluster.refresh()
            switch await changes.wait(until: limit, unless: { find() == nil ? nil : () }) {
            case .value: continue
            case .timedOut, .cancelled: throw RedisError(.notConnected, "not connected to the node")
            case .overloaded: throw RedisError(.overloaded, "\(changes.count) callers are waiting")
            }
        }
    }
}

extension RedisError {
    /// The cluster does not run this command for now.
    fileprivate var isOfCluster: Bool { refusal == .clusterIsDown || code == .server(prefix: "TRYAGAIN") }
}
