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
    private var checks: [Check] = []

    private struct Check {
        let name: String
        let isEssential: @Loop () -> Bool
        var isServer = false
        let reason: @Loop () -> String?
    }

    package nonisolated init() {}

    /// Adds a check of a state.
    ///
    /// - Parameters:
    ///   - isEssential: whether the process is not ready without it; else the reason is listed alone.
    ///   - reason: why the check fails; nil when it holds.
    package func addCheck(
        _ name: String, isEssential: @escaping @Loop () -> Bool = { true },
        reason: @escaping @Loop () -> String?
    ) {
        checks.append(Check(name: name, isEssential: isEssential, reason: reason))
    }

    /// Adds a check whose name is the reason: `redis`, `rabbitmq.blocked`.
    package func addCheck(
        _ name: String, isEssential: @escaping @Loop () -> Bool = { true }, holds: @escaping @Loop () -> Bool
    ) {
        addCheck(name, isEssential: isEssential, reason: { holds() ? nil : "" })
    }

    /// Adds a check of a server; the reason is its name and the word for what is wrong: `redis.readonly`.
    package func addServerCheck(
        _ name: String, isEssential: @escaping @Loop () -> Bool = { true },
        problem: @escaping @Loop () -> String?
    ) {
        checks.append(Check(name: name, isEssential: isEssential, isServer: true, reason: problem))
    }

    /// The current readiness.
    package func readiness() -> ReadinessReport {
        switch phase {
        case .draining: return ReadinessReport(status: .draining, reasons: ["shutting down"])
        case .starting(let name): return ReadinessReport(status: .starting, reasons: ["starting \(name)"])
        case .serving:
            var (reasons, isReady): ([String], Bool) = ([], true)
            for check in checks {
                guard let reason = check.reason() else { continue }
                let separator = check.isServer ? "." : ": "
                reasons.append(reason.isEmpty ? check.name : check.name + separator + reason)
                if check.isEssential() { isReady = false }
            }
            return ReadinessReport(status: isReady ? .ready : .unavailable, reasons: reasons)
        }
    }
}

/// The body of `/health/ready`.
package struct ReadinessReport: Sendable, Equatable {
    package enum Status: String, Sendable {
        case ready, draining, starting, unavailable
    }

    package let status: Status
    /// Why it is not ready, or what it does without, for operators.
    package let reasons: [String]
}
