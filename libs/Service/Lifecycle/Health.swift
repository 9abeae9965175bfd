package import EventLoop

/// Readiness of this process: its lifecycle phase, and checks of its dependencies.
@Loop package final class Health {
    package enum Phase: Sendable, Equatable {
        /// The component that is being started.
        case starting(String)
        case serving
        case draining
    }

    package var phase = Phase.starting("")
    private var checks: [(name: String, reason: @Loop () async -> String?)] = []

    package nonisolated init() {}

    /// Adds a check of a state: `reason` returns why the process is not ready, nil when it is.
    package func addCheck(_ name: String, reason: @escaping @Loop () -> String?) {
        checks.append((name, reason))
    }

    /// Adds a check whose name is the reason: `redis`, `rabbitmq.blocked`.
    package func addCheck(_ name: String, holds: @escaping @Loop () -> Bool) {
        addCheck(name) { holds() ? nil : "" }
    }

    /// Adds an asynchronous check that runs at most once in `interval`; it fails when it takes longer than
    /// `deadline`.
    package func addProbe(
        _ name: String, every interval: Duration = .seconds(5), within deadline: Duration = .seconds(1),
        _ probe: @escaping @Loop () async throws -> Void
    ) {
        let probe = Probe(interval: interval, deadline: deadline, probe)
        checks.append((name, { await probe.reason() }))
    }

    /// The current readiness.
    package func readiness() async -> ReadinessReport {
        switch phase {
        case .draining: return ReadinessReport(status: .draining, reasons: ["shutting down"])
        case .starting(let name): return ReadinessReport(status: .starting, reasons: ["starting \(name)"])
        case .serving:
            var reasons: [String] = []
            for check in checks {
                guard let reason = await check.reason() else { continue }
                reasons.append(reason.isEmpty ? check.name : "\(check.name): \(reason)")
            }
            return ReadinessReport(status: reasons.isEmpty ? .ready : .unavailable, reasons: reasons)
        }
    }
}

/// The body of `/health/ready`.
package struct ReadinessReport: Sendable, Equatable {
    package enum Status: String, Sendable {
        case ready, draining, starting, unavailable
    }

    package let status: Status
    /// Why it is not ready, for operators.
    package let reasons: [String]
}

/// A check whose result is cached for a while and shared by concurrent callers.
@Loop private final class Probe {
    private let interval: Duration
    private let deadline: Duration
    private let probe: @Loop () async throws -> Void
    private var running: Task<String?, Never>?
    private var answer: (reason: String?, time: Instant)?

    init(interval: Duration, deadline: Duration, _ probe: @escaping @Loop () async throws -> Void) {
        self.interval = interval
        self.deadline = deadline
        self.probe = probe
    }

    func reason() async -> String? {
        if let answer, answer.time.duration(to: Loop.now) < interval { return answer.reason }
        if let running { return await running.value }
        let task = Loop.task { await self.ask() }
        running = task
        let reason = await task.value
        answer = (reason, Loop.now)
        running = nil
        return reason
    }

    private func ask() async -> String? {
        do {
            try await withDeadline(deadline, probe)
            return nil
        } catch is DeadlineExceededError {
            return "no answer within \(deadline)"
        } catch {
            return "\(error)"
        }
    }
}
