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

    /// The open session, non-blocking and in pipeline mode.
    static func open(
        _ configuration: PostgresConfiguration, _ notices: NoticeBuffer, until deadline: Instant
    ) async throws(PostgresError) -> PostgresConnectionHandle {
        var addressed = configuration
        let addresses = try await resolve(&addressed, until: deadline)
        let handshake = PostgresHandshake(
            PostgresConnectionHandle.start(addressed.keywords(addresses: addresses), notices))
        if let error = await handshake.run(until: deadline) { throw error }
        return handshake.takeHandle()
    }

    private func takeHandle() -> PostgresConnectionHandle {
        var result = PostgresConnectionHandle.closed
        swap(&result, &handle)
        return result
    }

    /// libpq would block on name resolution, so it gets addresses, and the names for TLS alone. A host with
    /// several addresses becomes several hosts.
    private static func resolve(
        _ configuration: inout PostgresConfiguration, until deadline: Instant
    ) async throws(PostgresError) -> [String] {
        var hosts: [PostgresConfiguration.Host] = []
        var addresses: [String] = []
        for host in configuration.hosts {
            if host.name.hasPrefix("/") {
                hosts.append(host)
                addresses.append("")
                continue
            }
            let remaining = max(.milliseconds(1), Loop.now.duration(to: deadline))
            do {
                let found = try await Loop.resolve(
                    Endpoint(host: host.name, port: host.port), timeout: remaining)
                for address in found {
                    hosts.append(host)
                    addresses.append(address.host)
                }
            } catch {
                // Another host may still be reachable.
                continue
            }
        }
        guard !hosts.isEmpty else {
            throw PostgresError(.connectionFailed, "the host's name cannot be resolved")
        }
        configuration.hosts = hosts
        return addresses
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
