package import EventLoop

/// One connection to a server: commands are pipelined, replies arrive in order.
///
/// Commands of one loop iteration are written in one system call. A command that times out costs no other: its late reply
/// is dropped; until it comes others fail at once, since they would have to wait for it. The task that waits for a reply
/// may be cancelled; the command is not. A connection from which no reply comes ends (``RedisConfiguration/keepAlive``),
/// and one to a server that is no primary any more. A connection does not reconnect; ``RedisClient`` does.
@Loop
package final class RedisConnection {
    package typealias Completion = @Loop (Result<[RedisValue], RedisError>) -> Void

    private let configuration: RedisConfiguration
    private var transport: Transport?
    private var reader: RedisReplyReader
    private var requests = RequestQueue()
    private var failure: RedisError?
    private var closeWaiters: [CheckedContinuation<RedisError, Never>] = []
    private var spareBatch = RedisBatch()

    private var receivedSinceCheck = false
    private var pingIsOut = false
    private lazy var deadlineTimer = Timer { [weak self] in self?.checkDeadline() }
    private lazy var keepAliveTimer = Timer { [weak self] in self?.checkAlive() }

    /// Whether the user may ask for the server's role.
    var mayAskForRole = true
    /// Called with each reply that refuses a command for the state of the server (`OOM`, `MISCONF`, …), and when commands
    /// time out.
    var onRefusal: (@Loop (RedisError) -> Void)?
    /// Receives replies while no request is pending: a subscription's messages and confirmations.
    var onPush: (@Loop (RedisValue) -> Void)?

    init(_ transport: Transport, _ configuration: RedisConfiguration) {
        self.configuration = configuration
        self.transport = transport
        reader = RedisReplyReader(limits: configuration.replyLimits)
        transport.outputLimit = 2 * configuration.pendingBytes
        transport.start(self)
        keepAliveTimer.arm(after: configuration.keepAlive)
    }

    package var isOpen: Bool { failure == nil }

    /// Commands sent and not answered yet.
    package var pendingCommands: Int { requests.commands }

    // MARK: Sending

    /// Sends a batch; `completion` is called once, with a reply per command or with the connection's failure.
    /// Errors of single commands are replies.
    ///
    /// - Parameter deadline: no earlier than that of any request before; `commandTimeout` from now when
    ///   `nil`.
    package func send(_ batch: RedisBatch, deadline: Instant? = nil, completion: @escaping Completion) {
        if let refusal = refusal(for: batch) { return completion(.failure(refusal)) }
        if batch.isEmpty { return completion(.success([])) }
        let deadline = deadline ?? Loop.now + configuration.commandTimeout
        requests.append(commands: batch.count, deadline: deadline, completion: completion)
        transport?.write(batch.bytes)
        // It may still be armed for the end of the handshake.
        if !deadlineTimer.isArmed || deadline < deadlineTimer.deadline { deadlineTimer.arm(at: deadline) }
    }

    package func send(_ batch: RedisBatch, deadline: Instant? = nil) async throws(RedisError) -> [RedisValue]
    {
        try await Loop.suspend(orCancelled: .failure(.cancelled)) { continuation in
            send(batch, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Sends the commands that `build` adds, and returns a reply for each; the buffer is reused.
    package func pipeline(
        deadline: Instant? = nil, _ build: (inout RedisBatch) -> Void
    ) async throws(RedisError) -> [RedisValue] {
        var batch = RedisBatch()
        swap(&batch, &spareBatch)
        build(&batch)
        return try await Loop.suspend(orCancelled: .failure(.cancelled)) { continuation in
            send(batch, deadline: deadline) { continuation.resume(returning: $0) }
            batch.removeAll()
            swap(&batch, &spareBatch)
        }.get()
    }

    /// Sends one command; a server error is thrown.
    package func command<each Part: RedisArgument>(
        _ name: StaticString, _ parts: repeat each Part
    ) async throws(RedisError) -> RedisValue {
        let replies = try await pipeline { $0.add(name, repeat each parts) }
        return try replies[0].get()
    }

    /// Writes commands whose answers are pushes (SUBSCRIBE and the like).
    func write(_ batch: RedisBatch) {
        transport?.write(batch.bytes)
    }

    /// Why a batch cannot be sent now.
    func refusal(for batch: RedisBatch) -> RedisError? {
        precondition(batch.isComplete, "a command lacks arguments")
        if failure != nil { return RedisError(.notConnected, "the connection is closed") }
        if requests.isLate { return RedisError(.notConnected, "the server owes a reply") }
        if requests.commands + batch.count > configuration.pendingCommands
            || (transport?.pendingOutput ?? 0) + batch.bytes.count > configuration.pendingBytes
        {
            return RedisError(.overloaded, "\(requests.commands) commands are pending")
        }
        return nil
    }

    // MARK: Timeouts

    private var lateError: RedisError {
        RedisError(.timeout, "no reply within \(configuration.commandTimeout)")
    }

    /// Why it cannot be used: it has ended, or replies are late.
    var fault: RedisError? { failure ?? (requests.isLate ? lateError : nil) }

    private func checkDeadline() {
        let error = lateError
        let expired = requests.expire(at: Loop.now)
        for completion in expired { completion(.failure(error)) }
        if !expired.isEmpty { onRefusal?(error) }
        if let deadline = requests.deadline, failure == nil { deadlineTimer.arm(at: deadline) }
    }

    private func checkAlive() {
        keepAliveTimer.arm(after: configuration.keepAlive)
        defer { receivedSinceCheck = false }
        if receivedSinceCheck {
            pingIsOut = false
            checkRole()
        } else if pingIsOut {
            fail(RedisError(.timeout, "no reply for \(configuration.keepAlive)"))
        } else {
            pingIsOut = true
            if requests.isEmpty { ping() }
        }
    }

    private func ping() {
        if onPush == nil, configuration.requiresPrimary, mayAskForRole { return checkRole() }
        var ping = RedisBatch()
        ping.add("PING")
        onPush == nil ? send(ping) { _ in } : write(ping)
    }

    /// A failover may leave the connection with a replica, which refuses writes. A subscription cannot ask.
    private func checkRole() {
        guard configuration.requiresPrimary, mayAskForRole, onPush == nil else { return }
        var batch = RedisBatch()
        batch.add("ROLE")
        send(batch) { [weak self] result in
            guard let self, case .success(let replies) = result, replies[0].isReplica else { return }
            fail(.readOnly)
        }
    }

    // MARK: Closing

    /// Closes at once; pending commands fail with `.connectionLost`.
    package func close() { fail(RedisError(.closed)) }

    func close(because error: RedisError) { fail(error) }

    /// Waits until the connection has ended, and returns the reason.
    package func closed() async -> RedisError {
        if let failure { return failure }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let failure { return continuation.resume(returning: failure) }
                closeWaiters.append(continuation)
            }
        } onCancel: {
            Task { @Loop in self.close() }
        }
    }

    private func fail(_ error: RedisError) {
        guard failure == nil else { return }
        failure = error
        deadlineTimer.cancel()
        keepAliveTimer.cancel()
        onPush = nil
        onRefusal = nil
        transport?.close()
        transport = nil
        let lost = error.code == .timeout ? error : RedisError(.connectionLost, error.message)
        for completion in requests.removeAll() { completion(.failure(lost)) }
        for waiter in closeWaiters { waiter.resume(returning: error) }
        closeWaiters = []
    }
}

extension RedisConnection: TransportHandler {
    /// hiredis keeps an unused buffer of at most this size, and moves the rest of a longer one at each
    /// kibibyte.
    private static let chunk = 16_384

    package func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        let span = bytes.span
        var start = 0
        do {
            while start < span.count, failure == nil {
                let end = min(start + Self.chunk, span.count)
                reader.feed(span.extracting(start..<end))
                start = end
                while failure == nil, let reply = try reader.next() { dispatch(reply) }
            }
        } catch {
            fail(error)
        }
        return span.count
    }

    private func dispatch(_ reply: RedisValue) {
        // Bytes that never become a reply are no sign of life.
        receivedSinceCheck = true
        if requests.isEmpty {
            guard let onPush else { return fail(RedisError(.protocolViolation, "an unsolicited reply")) }
            return onPush(reply)
        }
        let refusal = refusal(in: reply)
        if let finished = requests.take(reply) { finished.completion(.success(finished.replies)) }
        if let refusal { fail(refusal) }
    }

    /// The error of a server that this connection should leave; one that it should stay with is reported.
    private func refusal(in reply: RedisValue) -> RedisError? {
        guard case .error(let error) = reply, let refusal = error.refusal else { return nil }
        if configuration.requiresPrimary, refusal.isOfReplica { return error }
        onRefusal?(error)
        return nil
    }

    package func inputEnded(_ transport: Transport) {
        fail(RedisError(.connectionLost, "the server closed the connection"))
    }

    package func drained(_ transport: Transport) {}

    package func closed(_ transport: Transport, _ error: TransportError?) {
        fail(RedisError(.connectionLost, error.map { "\($0)" } ?? "closed"))
    }
}
