internal import EventLoop

/// Opens one session on the loop: libpq names the event to wait for, the loop waits.
@Loop
final class PostgresHandshake: DescriptorHandler {
    private var handle: PostgresConnectionHandle
    private var registration: Registration?
    private var continuation: LoopContinuation<PostgresError?>?
    private lazy var timer = Timer { [unowned self] in
        finish(PostgresError(.connectionFailed, "no session within the time-out"))
    }

    private init(_ handle: consuming PostgresConnectionHandle) { self.handle = handle }

    private struct Candidate {
        var host: PostgresConfiguration.Host
        /// Empty for a Unix socket.
        var address: String
    }

    /// The open session, non-blocking and in pipeline mode. Addresses are tried in turn, each for its share of the time, so
    /// that none waits for one that is silent.
    static func open(
        _ configuration: PostgresConfiguration, _ notices: NoticeBuffer, until deadline: Instant
    ) async throws(PostgresError) -> PostgresConnectionHandle {
        let candidates = try await candidates(of: configuration, until: deadline)
        var failure = PostgresError(.connectionFailed, "the host's name cannot be resolved")
        for (index, candidate) in candidates.enumerated() {
            var single = configuration
            single.hosts = [candidate.host]
            let left = max(.milliseconds(1), Loop.now.duration(to: deadline))
            let handshake = PostgresHandshake(
                PostgresConnectionHandle.start(single.keywords(addresses: [candidate.address]), notices))
            guard let error = await handshake.run(until: Loop.now + left / (candidates.count - index)) else {
                return handshake.takeHandle()
            }
            failure = error
            // Another server would say the same.
            if ["authentication", "database"].contains(error.problem) || error.code == .cancelled { break }
        }
        throw failure
    }

    private func takeHandle() -> PostgresConnectionHandle {
        var result = PostgresConnectionHandle.closed
        swap(&result, &handle)
        return result
    }

    /// libpq would block on name resolution, so it gets addresses, and the names for TLS alone.
    private static func candidates(
        of configuration: PostgresConfiguration, until deadline: Instant
    ) async throws(PostgresError) -> [Candidate] {
        var candidates: [Candidate] = []
        // Sessions spread over equal servers.
        for host in configuration.hosts.shuffled() {
            if host.name.hasPrefix("/") {
                candidates.append(Candidate(host: host, address: ""))
                continue
            }
            let remaining = max(.milliseconds(1), Loop.now.duration(to: deadline))
            do {
                let found = try await Loop.resolve(
                    Endpoint(host: host.name, port: host.port), timeout: remaining)
                candidates += found.map { Candidate(host: host, address: $0.host) }
            } catch {
                // Another host may still be reachable.
                continue
            }
        }
        return candidates
    }

    private func run(until deadline: Instant) async -> PostgresError? {
        let cancelled: PostgresError? = PostgresError(.cancelled, "cancelled")
        let error = await Loop.suspend(orCancelled: cancelled) { continuation in
            self.continuation = continuation
            timer.arm(at: deadline)
            if handle.isBroken { return fail() }
            watch(.writable)
        }
        if error?.code == .cancelled { finish(error) }
        return error
    }

    func descriptorReady(_ readiness: Readiness) {
        // libpq may close this descriptor and open another of the same number.
        registration?.cancel()
        registration = nil
        switch handle.poll() {
        case .waitToRead: watch(.readable)
        case .waitToWrite: watch(.writable)
        case .open:
            let isReady = handle.setNonBlocking() && handle.enterPipeline()
            finish(isReady ? nil : PostgresError(.connectionFailed, "no pipeline mode"))
        case .failed: fail()
        }
    }

    private func watch(_ interest: Readiness) {
        do {
            registration = try Loop.register(handle.socket, self, interest: interest)
        } catch {
            finish(PostgresError(.connectionFailed, "the socket cannot be watched"))
        }
    }

    private func fail() {
        finish(
            PostgresError(
                .connectionFailed, "the server cannot be reached or refused the session",
                report: handle.failureReport))
    }

    private func finish(_ error: PostgresError?) {
        timer.cancel()
        registration?.cancel()
        registration = nil
        if error != nil { handle.close() }
        continuation?.resume(returning: error)
        continuation = nil
    }
}
