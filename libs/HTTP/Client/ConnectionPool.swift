internal import EventLoop

/// The connections to one origin: at most so many at work, the idle ones kept for the next request.
@Loop
final class ConnectionPool {
    private let address: HTTPURL
    private let configuration: HTTPClient.Configuration
    private let tls: TLSClient?
    private var idle: [HTTPClientConnection] = []
    private var active = 0
    private var waiters: [Waiter] = []

    /// One request that waits until another is done.
    @Loop
    private final class Waiter {
        private var resumption: LoopContinuation<HTTPError?>?
        private lazy var timer = Timer { [weak self] in
            self?.resume(HTTPError(.timeout, "no free connection in time"))
        }
        /// Set once; it may come before the wait has begun, as a task may be suspended on its way there.
        private var outcome: HTTPError??
        var isWaiting: Bool { outcome == nil }

        init() {}

        func wait(until deadline: Instant) async -> HTTPError? {
            await withTaskCancellationHandler {
                await Loop.suspend { (resumption: LoopContinuation<HTTPError?>) in
                    if let outcome { return resumption.resume(returning: outcome) }
                    self.resumption = resumption
                    timer.arm(at: deadline)
                    if Task.isCancelled { resume(HTTPError(.cancelled, "cancelled")) }
                }
            } onCancel: {
                Loop.task { self.resume(HTTPError(.cancelled, "cancelled")) }
            }
        }

        func resume(_ error: HTTPError?) {
            guard outcome == nil else { return }
            outcome = .some(error)
            timer.cancel()
            resumption?.resume(returning: error)
            resumption = nil
        }
    }

    init(_ address: HTTPURL, _ configuration: HTTPClient.Configuration, tls: TLSClient?) {
        self.address = address
        self.configuration = configuration
        self.tls = tls
    }

    var isUnused: Bool { active == 0 && idle.isEmpty && waiters.isEmpty }

    /// A connection for one exchange, which must be given back by `whenFree`.
    ///
    /// - Parameter fresh: not one that was used before.
    func acquire(fresh: Bool, deadline: Instant) async throws(HTTPError) -> HTTPClientConnection {
        if active >= configuration.maxConnectionsPerOrigin {
            try await wait(until: deadline)
        } else {
            active += 1
        }
        while let connection = idle.popLast() {
            connection.onClose = nil
            guard connection.isOpen else { continue }
            guard !fresh else {
                connection.transport.close()
                continue
            }
            return prepare(connection)
        }
        do throws(TransportError) {
            let left = Loop.now.duration(to: deadline)
            let transport = try await Transport.connect(
                to: address.endpoint, tls: tls, timeout: min(left, configuration.connectTimeout))
            return prepare(HTTPClientConnection(transport, headLimits: configuration.head))
        } catch {
            release()
            throw HTTPError(error.code == .timeout ? .timeout : .unreachable, error.description)
        }
    }

    private func wait(until deadline: Instant) async throws(HTTPError) {
        waiters.removeAll { !$0.isWaiting }
        guard waiters.count < configuration.maxWaitingPerOrigin else {
            throw HTTPError(.overloaded, "too many requests wait for a connection")
        }
        let waiter = Waiter()
        waiters.append(waiter)
        if let error = await waiter.wait(until: deadline) { throw error }
    }

    private func prepare(_ connection: HTTPClientConnection) -> HTTPClientConnection {
        connection.onIdle = { [weak self, unowned connection] reusable in
            guard let self else { return connection.transport.close() }
            if reusable { keep(connection) }
            release()
        }
        return connection
    }

    private func keep(_ connection: HTTPClientConnection) {
        idle.append(connection)
        connection.idle(for: configuration.idleTimeout)
        connection.onClose = { [weak self, unowned connection] in
            self?.idle.removeAll { $0 === connection }
        }
    }

    /// The place of an exchange is free: for the first that waits, or nobody.
    private func release() {
        while !waiters.isEmpty {
            let waiter = waiters.removeFirst()
            if waiter.isWaiting { return waiter.resume(nil) }
        }
        active -= 1
    }

    func close() {
        for connection in idle {
            connection.onClose = nil
            connection.transport.close()
        }
        idle = []
    }
}
