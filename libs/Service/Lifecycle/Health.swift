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
