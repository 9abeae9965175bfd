package import EventLoop
package import Observability

/// Starts components in order, keeps the process until it is told to stop or one of them fails, and drains
/// them in reverse order.
///
/// The components nest: each runs inside the scope of those before it, so no task outlives its scope.
@Loop package final class Lifecycle {
    private let components: [Component]
    private let health: Health
    private let log: Logger
    private let shutdown: Shutdown
    private let drainTimeout: Duration
    private let terminate: @Loop (Int32) -> Void

    private var deadline = Instant(nanoseconds: 0)
    private var draining: String?
    private var isLate = false
    private var firstSignal: (number: Int32, time: Instant)?

    /// What a component may take after the deadline, having been cancelled.
    private static let grace = Duration.seconds(2)
    /// A terminal's Ctrl-C reaches a whole process group; the supervisor then sends SIGTERM for the same.
    private static let sameRequest = Duration.seconds(1)

    /// - Parameter terminate: ends the process at once with an exit code.
    package init(
        _ components: [Component], health: Health, log: Logger, shutdown: Shutdown = Shutdown(),
        drainTimeout: Duration, terminate: @escaping @Loop (Int32) -> Void
    ) {
        self.components = components
        self.health = health
        self.log = log
        self.shutdown = shutdown
        self.drainTimeout = drainTimeout
        self.terminate = terminate
    }

    /// Returns the exit code: 0 after a signal or finished work, 1 after a failure or a drain that was not
    /// over in time.
    package func run() async -> Int32 {
        let watchdog = Timer { [weak self] in self?.abandon() }
        shutdown.whenRequested { [self] in
            health.phase = .draining
            deadline = Loop.now + drainTimeout
            watchdog.arm(at: deadline + Self.grace)
            log.info("service.stopping", ["reason": shutdown.reason?.text, "drainMs": drainTimeout])
        }
        await run(from: 0)
        watchdog.cancel()
        if case .failure = shutdown.reason { return 1 }
        return isLate ? 1 : 0
    }

    /// The first signal asks for an orderly end; the second ends the process at once.
    package func receive(signal: Int32) {
        if let first = firstSignal, first.number != signal,
            first.time.duration(to: Loop.now) < Self.sameRequest
        {
            return
        }
        guard shutdown.isRequested else {
            firstSignal = (signal, Loop.now)
            return shutdown.request(.signal(signal))
        }
        log.warning("service.killed", ["signal": signal])
        terminate(128 + signal)
    }

    private func run(from index: Int) async {
        if shutdown.isRequested { return }
        guard index < components.count else {
            health.phase = .serving
            log.info("service.ready")
            return await shutdown.requested()
        }
        let component = components[index]
        guard await start(component) else { return }
        await withTaskGroup { group in
            if component.run != nil { group.addTask { await self.work(component) } }
            await run(from: index + 1)
            await drain(component)
            group.cancelAll()
        }
    }

    private func start(_ component: Component) async -> Bool {
        health.phase = .starting(component.name)
        let begin = Loop.now
        let task = Loop.task { try await component.start() }
        shutdown.whenRequested { task.cancel() }
        do {
            try await task.value
            log.debug("component.started", ["component": component.name, "ms": begin.duration(to: Loop.now)])
            return true
        } catch {
            if !shutdown.isRequested {
                log.critical("component.start_failed", ["component": component.name, "error": "\(error)"])
                shutdown.request(.failure(component: component.name))
            }
            return false
        }
    }

    private func work(_ component: Component) async {
        do {
            try await component.run?()
            // One that its drain has ended has done as it should.
            guard !Task.isCancelled, !shutdown.isRequested else { return }
            log.critical("component.ended", ["component": component.name])
        } catch {
            guard !Task.isCancelled else { return }
            log.critical("component.failed", ["component": component.name, "error": "\(error)"])
        }
        shutdown.request(.failure(component: component.name))
    }

    private func drain(_ component: Component) async {
        draining = component.name
        let begin = Loop.now
        let left = max(begin.duration(to: deadline), .zero)
        try? await withDeadline(left) { [deadline] in await component.drain(deadline) }
        let took = begin.duration(to: Loop.now)
        if Loop.now > deadline && took > .zero {
            isLate = true
            log.warning("component.drain_timed_out", ["component": component.name, "ms": took])
        } else {
            log.debug("component.drained", ["component": component.name, "ms": took])
        }
    }

    /// Somebody does not listen to its cancellation: the process ends without it.
    private func abandon() {
        log.critical("service.drain_abandoned", ["component": draining])
        terminate(1)
    }
}

extension Shutdown.Reason {
    var text: String {
        switch self {
        case .signal(let number): "signal \(number)"
        case .failure(let component): "\(component) failed"
        case .finished: "finished"
        }
    }
}
