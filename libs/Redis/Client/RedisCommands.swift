package import EventLoop

/// Commands to one server, to the primary that Sentinel names, or to the nodes of a cluster.
///
/// In a cluster the keys of one command, and of one run of a script, have the same hash tag; each command has its key as
/// the first argument. The commands of a pipeline may have keys of different nodes: replies come in the commands' order,
/// though nodes run their parts at the same time.
@Loop
package protocol RedisCommands: AnyObject, Service {
    /// Whether keys need hash tags.
    var isCluster: Bool { get }

    /// Of a cluster: down while any of its nodes is.
    var state: RedisConnectionState { get }
    /// Whether some nodes of a cluster can be used while others cannot.
    var isPartial: Bool { get }
    /// Why the server cannot be used, though it may be connected.
    var problem: RedisProblem? { get }
    /// Called with each new state; readiness depends on it.
    var onStateChange: (@Loop (RedisConnectionState) -> Void)? { get set }
    /// Called when a connected server begins to refuse commands (`OOM`, `MISCONF`, …), or does not answer one in time.
    var onRefusal: (@Loop () -> Void)? { get set }

    /// Waits until connected.
    func ready(within limit: Duration) async throws(RedisError)
    func close()

    /// Sends the commands that `build` adds, and returns a reply for each; errors of single commands are replies.
    func pipeline(_ build: (inout RedisBatch) -> Void) async throws(RedisError) -> [RedisValue]

    /// Runs a script by its digest; sends the source first when a server does not have it.
    ///
    /// - Parameters:
    ///   - keys: how many of the arguments are keys; they come first.
    ///   - arguments: how many come after the keys.
    ///   - append: appends the keys, then the arguments; called again when the source had to be sent.
    func evaluate(
        _ script: RedisScript, keys: Int, arguments: Int, _ append: (inout RedisBatch) -> Void
    ) async throws(RedisError) -> RedisValue

    /// Runs a script `count` times, each with keys and arguments of its own, as one pipeline. Errors are replies.
    func evaluate(
        _ script: RedisScript, count: Int, keys: Int, arguments: Int,
        _ append: (_ index: Int, inout RedisBatch) -> Void
    ) async throws(RedisError) -> [RedisValue]
}

extension RedisCommands {
    /// Sends one command; a server error is thrown.
    package func command<each Part: RedisArgument>(
        _ name: StaticString, _ parts: repeat each Part
    ) async throws(RedisError) -> RedisValue {
        let replies = try await pipeline { $0.add(name, repeat each parts) }
        return try replies[0].get()
    }

    /// The values of many keys of any nodes, in one round trip; null for a key of another type.
    package func values(of keys: some Collection<some RedisArgument>) async throws(RedisError) -> [RedisValue]
    {
        if keys.isEmpty { return [] }
        let replies = try await pipeline { batch in
            if isCluster {
                for key in keys { batch.add("GET", key) }
            } else {
                batch.add("MGET", list: keys)
            }
        }
        guard isCluster else {
            guard let values = try replies[0].get().array, values.count == keys.count else {
                throw .unexpected("MGET")
            }
            return values
        }
        var values: [RedisValue] = []
        values.reserveCapacity(replies.count)
        for reply in replies {
            // What MGET answers.
            if case .error(let error) = reply, error.code == .server(prefix: "WRONGTYPE") {
                values.append(.null)
            } else {
                values.append(try reply.get())
            }
        }
        return values
    }
}
