package import EventLoop

/// Sharded channels (Redis 7) of a Redis Cluster: one connection for each primary.
///
/// The channels of a slot follow it to another node, when the topology says so or its node refuses them; they are
/// reported by ``onRestored`` once the new node has confirmed them. A channel whose slot is moving is tried once per
/// refresh of the topology.
@Loop
package final class RedisClusterSubscriber: RedisChannels {
    package let isCluster = true

    /// The channels of one slot, and the node that has them, or is asked for them; nil when the next refresh decides.
    private struct Assignment {
        var endpoint: Endpoint?
        var channels: Set<[UInt8]> = []
    }

    private let cluster: RedisCluster
    private let configuration: RedisConfiguration
    private var assignments: [Int: Assignment] = [:]
    /// Slots of ``assignments`` without a node.
    private var unassigned: Set<Int> = []
    private var nodes: [Endpoint: RedisSubscriber] = [:]
    private let tasks = TaskTracker()
    private let stopping = AsyncSignal()
    private var isRunning = false
    private var reported = RedisConnectionState.down(nil)
    /// Calls that wait for a node of their channel's slot.
    private let changes: WaiterQueue<Void>

    package private(set) var channels = 0

    package var onMessage: (@Loop (_ channel: [UInt8], _ payload: [UInt8]) -> Void)?
    package var onRestored: (@Loop (_ channels: [[UInt8]]) -> Void)?
    package var onStateChange: (@Loop (RedisConnectionState) -> Void)?

    /// - Parameter cluster: runs as a service of its own.
    package init(_ cluster: RedisCluster) {
        self.cluster = cluster
        configuration = cluster.configuration
        changes = WaiterQueue(limit: configuration.pendingCommands)
        // A refresh follows each redirection, which alone could be one of many to and fro.
        cluster.onChange { [weak self] in if $0 == .refreshed { self?.follow() } }
    }

    /// Keeps the channels subscribed until ``close()`` or until the calling task is cancelled.
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

    package var state: RedisConnectionState {
        if stopping.isSet { return .down(RedisError(.closed)) }
        let states = cluster.topology.primaries.compactMap { nodes[$0]?.state }
        guard let first = states.first else { return .down(cluster.lastError) }
        if !unassigned.isEmpty { return .down(RedisError(.notConnected, "channels have no node")) }
        return states.first { !$0.isUp } ?? first
    }

    package var isPartial: Bool { !state.isUp && nodes.values.contains { $0.state.isUp } }

    private func report() {
        let state = state
        guard state != reported else { return }
        reported = state
        onStateChange?(state)
    }

    // MARK: Channels

    package func subscribe(_ channel: String) async throws(RedisError) {
        let channel = Array(channel.utf8)
        let slot = HashSlot.of(channel)
        let deadline = Loop.now + configuration.commandTimeout
        if assignments[slot] == nil { assign(slot) }
        if assignments[slot]?.channels.insert(channel).inserted == true { channels += 1 }
        while true {
            if stopping.isSet { throw RedisError(.closed) }
            guard let assignment = assignments[slot], assignment.channels.contains(channel) else {
                throw RedisError(.closed, "unsubscribed before the confirmation")
            }
            if let node = assignment.endpoint.flatMap({ nodes[$0] }) {
                do throws(RedisError) { return try await node.subscribe(channel, until: deadline) } catch {
                    if error.code != .moved { throw error }
                }
                continue
            }
            switch await changes.wait(until: deadline) {
            case .value: continue
            case .overloaded: throw RedisError(.overloaded, "\(changes.count) callers are waiting")
            case .timedOut, .cancelled: throw RedisError(.timeout, "the subscription was not confirmed")
            }
        }
    }

    package func unsubscribe(_ channel: String) {
        let channel = Array(channel.utf8)
        let slot = HashSlot.of(channel)
        guard var assignment = assignments[slot], assignment.channels.remove(channel) != nil else { return }
        channels -= 1
        assignments[slot] = assignment.channels.isEmpty ? nil : assignment
        if assignment.channels.isEmpty { unassigned.remove(slot) }
        if let endpoint = assignment.endpoint { nodes[endpoint]?.unsubscribe(channel) }
    }

    // MARK: Nodes

    /// Connects to the primaries of the topology alone, and moves the channels of slots that have another one now.
    private func follow() {
        guard isRunning, !stopping.isSet else { return }
        let named = Set(cluster.topology.primaries)
        for endpoint in named where nodes[endpoint] == nil { nodes[endpoint] = node(at: endpoint) }
        var adopted: [Endpoint: [[UInt8]]] = [:]
        for (slot, assignment) in assignments {
            let endpoint = cluster.topology.primary(of: slot)
            guard endpoint != assignment.endpoint else { continue }
            if let old = assignment.endpoint { nodes[old]?.release(assignment.channels) }
            assign(slot)
            if let endpoint { adopted[endpoint, default: []] += assignment.channels }
        }
        for (endpoint, channels) in adopted { nodes[endpoint]?.adopt(channels) }
        for (endpoint, node) in nodes where !named.contains(endpoint) {
            nodes[endpoint] = nil
            node.onStateChange = nil
            node.close()
        }
        report()
        changes.resumeAll(returning: ())
    }

    /// Notes the primary of a slot, if there is one with a connection.
    private func assign(_ slot: Int) {
        let endpoint = cluster.topology.primary(of: slot).flatMap { nodes[$0] == nil ? nil : $0 }
        assignments[slot, default: Assignment()].endpoint = endpoint
        if endpoint == nil {
            unassigned.insert(slot)
            cluster.refresh()
        } else {
            unassigned.remove(slot)
        }
    }

    private func node(at endpoint: Endpoint) -> RedisSubscriber {
        var configuration = configuration
        configuration.endpoint = endpoint
        let node = RedisSubscriber(configuration, isSharded: true)
        node.onMessage = { [weak self] in self?.onMessage?($0, $1) }
        node.onRestored = { [weak self] in self?.onRestored?($0) }
        node.onSlotLost = { [weak self] in self?.lost($0, by: endpoint) }
        node.onStateChange = { [weak self] state in
            if !state.isUp { self?.cluster.refresh() }
            self?.report()
        }
        tasks.start { await node.run() }
        return node
    }

    private func lost(_ slot: Int, by endpoint: Endpoint) {
        cluster.refresh()
        guard let assignment = assignments[slot], assignment.endpoint == endpoint else { return }
        assignments[slot]?.endpoint = nil
        unassigned.insert(slot)
        nodes[endpoint]?.release(assignment.channels)
        report()
    }
}
