package import EventLoop

/// A long-lived client: one connection that reconnects whenever it is lost.
///
/// While disconnected a call waits half of `commandTimeout` for a connection and then fails with
/// `.notConnected`. Commands in flight when a connection ends fail with `.connectionLost`: the server may or
/// may not have run them, and they are never resent automatically.
@Loop
package final class RedisClient: RedisCommands {
    package let isCluster = false
    package let isPartial = false

    private let configuration: RedisConfiguration
    private let reconnector: RedisReconnector
    /// Callers that wait for a connection.
    private let waiters: WaiterQueue<RedisError?>

    package var onStateChange: (@Loop (RedisConnectionState) -> Void)?

    /// - Parameter endpoint: called before each attempt; the configuration's endpoint when `nil`.
    package init(_ configuration: RedisConfiguration, endpoint: RedisEndpointProvider? = nil) {
        self.configuration = configuration
        reconnector = RedisReconnector(configuration, endpoint)
        waiters = WaiterQueue(limit: configuration.pendingCommands)
    }

    /// Follows the primary.
    package convenience init(_ configuration: RedisConfiguration, sentinels: RedisSentinels) {
        self.init(configuration) { try await sentinels.primary() }
        sentinels.onSwitch { [weak self] in self?.reconnector.leave(unless: $0) }
    }

    package var state: RedisConnectionState { reconnector.state }

    var isConnected: Bool { reconnector.connection?.isOpen == true }

    /// The configuration's.
    var endpoint: Endpoint { configuration.endpoint }

    /// Connects and reconnects until ``close()`` or until the calling task is cancelled.
    package func run() async {
        reconnector.onUp = { [weak self] connection in
            guard let self else { return }
            refused = nil
            connection.onRefusal = { [weak self] in self?.note($0) }
            onStateChange?(state)
            waiters.resumeAll(returning: nil)
        }
        reconnector.onDown = { [weak self] error in
            guard let self else { return }
            onStateChange?(.down(error))
            if error.code == .closed { waiters.resumeAll(returning: error) }
        }
        await reconnector.run()
    }

    /// Of the last reply that refused a command for the server's state, or a script.
    private var refused: (problem: RedisProblem, at: Instant)?
    /// For so long after it, the server counts as one that refuses: nobody may be writing meanwhile.
    private static let refusalLifetime = Duration.seconds(5)

    package var onRefusal: (@Loop () -> Void)?

    /// Takes note of a reply that refuses a command for the server's state, or of a command that has timed out.
    private func note(_ error: RedisError) {
        guard let refusal = error.refusal else { return onRefusal?() ?? () }
        note(RedisProblem(refusal.word, error))
    }

    private func note(_ problem: RedisProblem) {
        let isNew = self.problem == nil
        refused = (problem, Loop.now)
        if isNew { onRefusal?() }
    }

    /// Scripts handle values that they do not expect: an error is one of the server.
    func note(ofScript error: RedisError) {
        if error.refusal == nil { note(RedisProblem("error", error)) }
    }

    private func result(of reply: RedisValue) throws(RedisError) -> RedisValue {
        if case .error(let error) = reply { note(ofScript: error) }
        return try reply.get()
    }

    package var problem: RedisProblem? {
        if let problem = state.problem { return problem }
        if let error = reconnector.connection?.fault { return RedisProblem(error) }
        guard let refused, Loop.now < refused.at + Self.refusalLifetime else { return nil }
        return refused.problem
    }

    package func close() { reconnector.close() }

    package func ready(within limit: Duration) async throws(RedisError) {
        if !isConnected { try await connected(by: Loop.now + limit) }
    }

    private func connected(by deadline: Instant) async throws(RedisError) {
        let result = await waiters.wait(until: deadline)
        switch result {
        case .value(nil): break
        case .value(let error?): throw error
        case .timedOut, .cancelled: throw RedisError(.notConnected, "not connected to the server")
        case .overloaded: throw RedisError(.overloaded, "\(waiters.count) callers are waiting")
        }
    }

    // MARK: Commands

    /// Sends the commands that `build` adds as one write, and returns a reply for each; errors of single
    /// commands are replies.
    package func pipeline(_ build: (inout RedisBatch) -> Void) async throws(RedisError) -> [RedisValue] {
        if let connection = reconnector.connection, connection.isOpen {
            return try await connection.pipeline(build)
        }
        if reconnector.isClosed { throw RedisError(.closed) }
        let start = Loop.now
        try await connected(by: start + configuration.commandTimeout / 2)
        guard let connection = reconnector.connection else { throw RedisError(.notConnected) }
        return try await connection.pipeline(deadline: start + configuration.commandTimeout, build)
    }

    /// Why a batch cannot be sent now.
    func refusal(for batch: RedisBatch) -> RedisError? {
        guard let connection = reconnector.connection else { return RedisError(.notConnected) }
        return connection.refusal(for: batch)
    }

    /// Sends a batch without waiting for its replies, which `completion` receives. Fails at once while
    /// disconnected.
    package func send(_ batch: RedisBatch, completion: @escaping RedisConnection.Completion) {
        guard let connection = reconnector.connection else {
            return completion(.failure(RedisError(.notConnected)))
        }
        connection.send(batch, completion: completion)
    }

    package func evaluate(
        _ script: RedisScript, keys: Int, arguments: Int, _ append: (inout RedisBatch) -> Void
    ) async throws(RedisError) -> RedisValue {
        let replies = try await evaluate(script, count: 1, keys: keys, arguments: arguments) { append(&$1) }
        return try result(of: replies[0])
    }

    package func evaluate(
        _ script: RedisScript, count: Int, keys: Int, arguments: Int,
        _ append: (_ index: Int, inout RedisBatch) -> Void
    ) async throws(RedisError) -> [RedisValue] {
        guard let digest = script.digest else {
            guard let digest = try await command("SCRIPT", "LOAD", script.source).string else {
                throw .unexpected("SCRIPT LOAD")
            }
            script.digest = digest
            return try await evaluate(script, count: count, keys: keys, arguments: arguments, append)
        }
        var replies = try await pipeline { batch in
            for index in 0..<count { batch.evaluate(digest, keys, arguments) { append(index, &$0) } }
        }
        let missed = replies.indices.filter { replies[$0].isNoScript }
        if missed.isEmpty { return replies }
        let later = try await pipeline { batch in
            batch.add("SCRIPT", "LOAD", script.source)
            for index in missed { batch.evaluate(digest, keys, arguments) { append(index, &$0) } }
        }
        for (index, reply) in zip(missed, later.dropFirst()) { replies[index] = reply }
        return replies
    }
}

extension RedisBatch {
    mutating func evaluate(
        _ digest: String, _ keys: Int, _ arguments: Int, _ append: (inout RedisBatch) -> Void
    ) {
        begin(3 + keys + arguments)
        self.append("EVALSHA" as StaticString)
        self.append(digest)
        self.append(keys)
        append(&self)
    }
}

extension RedisValue {
    /// The server does not have the script.
    var isNoScript: Bool {
        if case .error(let error) = self { error.isNoScript } else { false }
    }
}
