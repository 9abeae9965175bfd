package import EventLoop
package import Observability

/// A process's services by name, in start order: each depends on those before it.
package typealias ServiceList = KeyValuePairs<String, any Service>

/// Starts services in order, runs them until a signal or a failure, and drains them in reverse order.
///
/// The services nest: each runs inside the scope of those before it, so no task outlives its scope.
@Loop package final class ServiceGroup {
    private let services: ServiceList
    private let health: Health
    private let log: Logger
    private let shutdown: Shutdown
    private let shutdownDelay: Duration
    private let drainTimeout: Duration
    private let terminate: @Loop (Int32) -> Void

    private var deadline = Instant(nanoseconds: 0)
    private var draining: String?
    private var isLate = false
    private var firstSignal: (number: Int32, time: Instant)?
    private lazy var leaving = Timer { [weak self] in
        if let self, let firstSignal { shutdown.request(.signal(firstSignal.number)) }
    }

    /// For a cancelled drain to end after the deadline.
    private static let grace = Duration.seconds(2)
    /// A terminal's Ctrl-C reaches a whole process group, whose supervisor then sends SIGTERM: both count as
    /// one request.
    private static let signalWindow = Duration.seconds(1)

    /// - Parameters:
    ///   - shutdownDelay: how long it serves on after a signal, not ready, until proxies have noticed.
    ///   - terminate: ends the process at once with an exit code.
    package init(
        _ services: ServiceList, health: Health, log: Logger, shutdown: Shutdown = Shutdown(),
        shutdownDelay: Duration = .zero, drainTimeout: Duration, terminate: @escaping @Loop (Int32) -> Void
    ) {
        self.services = services
        self.health = health
        self.log = log
        self.shutdown = shutdown
        self.shutdownDelay = shutdownDelay
        self.drainTimeout = drainTimeout
        self.terminate = terminate
    }

    /// Returns the exit code: 0 after a signal or finished work, 1 after a failure or a drain that exceeded
    /// its deadline.
    package func run() async -> Int32 {
        let drainTimer = Timer { [weak self] in self?.abandon() }
        shutdown.whenRequested { [self] in
            leaving.cancel()
            health.phase = .draining
            deadline = Loop.now + drainTimeout
            drainTimer.arm(at: deadline + Self.grace)
            log.info("service.stopping", ["reason": shutdown.reason?.text, "drainMs": drainTimeout])
        }
        await run(from: 0)
        drainTimer.cancel()
        if case .failure = shutdown.reason { return 1 }
        return isLate ? 1 : 0
    }

    /// The first signal requests a graceful shutdown; the second ends the process at once.
    package func receive(signal: Int32) {
        if let first = firstSignal, first.number != signal,
            first.time.duration(to: Loop.now) < Self.signalWindow
        {
            return
        }
        guard firstSignal != nil || shutdown.isRequested else {
            firstSignal = (signal, Loop.now)
            return leave(.signal(signal))
        }
        log.warning("service.killed", ["signal": signal])
        terminate(128 + signal)
    }

    /// Proxies that look at the readiness, or at names, send nothing more by the time that the listener closes.
    private func leave(_ reason: Shutdown.Reason) {
        guard health.phase == .serving, shutdownDelay > .zero else { return shutdown.request(reason) }
        health.phase = .draining
        log.info("service.leaving", ["reason": reason.text, "delayMs": shutdownDelay])
        leaving.arm(after: shutdownDelay)
    }

    private func run(from index: Int) async {
        if shutdown.isRequested { return }
        guard index < services.count else {
            health.phase = .serving
            if reportIfReady() { return await shutdown.requested() }
            return await withTaskGroup { group in
                group.addTask { await self.awaitReadiness() }
                await shutdown.requested()
                group.cancelAll()
            }
        }
        let (name, service) = services[index]
        guard await start(name, service) else { return }
        await withTaskGroup { group in
            group.addTask { await self.work(name, service) }
            await run(from: index + 1)
            await drain(name, service)
            group.cancelAll()
        }
    }

    /// The process may be ready long after it has started.
    private func awaitReadiness() async {
        while !reportIfReady() {
            do { try await Loop.sleep(for: Self.readinessInterval) } catch { return }
        }
    }

    /// Says in the log that the process is ready, when it is.
    private func reportIfReady() -> Bool {
        guard health.readiness().status == .ready else { return false }
        log.info("service.ready")
        return true
    }

    private static let readinessInterval = Duration.milliseconds(200)

    private func start(_ name: String, _ service: any Service) async -> Bool {
        health.phase = .starting(name)
        let begin = Loop.now
        let task = Loop.task { try await service.start() }
        shutdown.whenRequested { task.cancel() }
        do {
            try await task.value
            log.debug("component.started", ["component": name, "ms": begin.duration(to: Loop.now)])
            return true
        } catch {
            if !shutdown.isRequested {
                log.critical("component.start_failed", ["component": name, "error": "\(error)"])
                shutdown.request(.failure(component: name))
            }
            return false
        }
    }

    private func work(_ name: String, _ service: any Service) async {
        do {
            try await service.run()
            // A service that ends because of its drain has not failed.
            guard !Task.isCancelled, !shutdown.isRequested else { return }
            log.critical("component.ended", ["component": name])
        } catch {
            guard !Task.isCancelled else { return }
            log.critical("component.failed", ["component": name, "error": "\(error)"])
        }
        shutdown.request(.failure(component: name))
    }

    private func drain(_ name: String, _ service: any Service) async {
        draining = name
        let begin = Loop.now
        let left = max(begin.duration(to: deadline), .zero)
        try? await withDeadline(left) { [deadline] in await service.drain(until: deadline) }
        let took = begin.duration(to: Loop.now)
        if Loop.now > deadline && took > .zero {
            isLate = true
            log.warning("component.drain_timed_out", ["component": name, "ms": took])
        } else {
            log.debug("component.drained", ["component": name, "ms": took])
        }
    }

    /// Ends the process although a drain ignores its cancellation.
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
