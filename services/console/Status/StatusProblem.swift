import JSON
import Messaging

/// Something that an operator should know and act upon.
struct StatusProblem: Sendable {
    enum Severity: Int, Sendable, Comparable {
        case critical, warning

        static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
        var name: String { self == .critical ? "critical" : "warning" }
    }

    var severity: Severity
    /// For tests and for those who search: `queue.unconsumed`.
    var code: String
    var title: String
    var meaning: String
    var next: String
    /// A page of the console.
    var link: String?

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("severity", .string(severity.name)), .init("code", .string(code)),
            .init("title", .string(title)), .init("meaning", .string(meaning)), .init("next", .string(next)),
        ]
        if let link { members.append(.init("link", .string(link))) }
        return .object(members)
    }

    /// Milliseconds.
    private static let limits = (warning: 10_000, critical: 60_000)

    /// Worst first.
    static func all(in state: SystemState) -> [StatusProblem] {
        let found = servers(state) + services(state) + queues(state) + records(state)
        return found.enumerated().sorted {
            ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset)
        }.map(\.element)
    }

    private static func servers(_ state: SystemState) -> [StatusProblem] {
        state.servers.compactMap { server in
            guard let error = server.error else { return nil }
            return StatusProblem(
                severity: .critical, code: "server.away", title: "\(server.name) does not answer the console",
                meaning:
                    "\(error). What depends on it is not shown; the services say below whether they miss it too.",
                next: "start \(server.name), or correct the console's address and password of it")
        }
    }

    private static func services(_ state: SystemState) -> [StatusProblem] {
        state.services.flatMap { service -> [StatusProblem] in
            switch service.readiness {
            case .ready: return reasons(of: service, .warning, "\(service.name) does without a server")
            case .starting, .draining:
                return [
                    StatusProblem(
                        severity: .warning, code: "service.\(service.readiness.rawValue)",
                        title: "\(service.name) is \(service.readiness.rawValue)",
                        meaning: "It takes no new work.", next: "wait; if it stays so, see its log")
                ]
            case .unreachable:
                return [
                    StatusProblem(
                        severity: .critical, code: "service.unreachable",
                        title: "\(service.name) is not running",
                        meaning: "Nothing answers at \(service.url).",
                        next: "start it; its log says why it ended")
                ]
            case .hung:
                return [
                    StatusProblem(
                        severity: .critical, code: "service.hung", title: "\(service.name) does not answer",
                        meaning:
                            "It accepts connections at \(service.url), and is silent: its process is stopped, or busy.",
                        next: "end it with SIGKILL and start it again: nothing is lost")
                ]
            case .unavailable:
                let found = reasons(of: service, .critical, "\(service.name) is not ready")
                return found.isEmpty
                    ? [
                        StatusProblem(
                            severity: .critical, code: "service.unavailable",
                            title: "\(service.name) is not ready", meaning: "It gives no reason.",
                            next: "see its log")
                    ] : found
            }
        }
    }

    private static func reasons(
        of service: ServiceState, _ severity: Severity, _ title: String
    ) -> [StatusProblem] {
        service.reasons.map { reason in
            let explained = ReadinessReason(reason)
            return StatusProblem(
                severity: severity, code: reason, title: "\(title): \(reason)",
                meaning: explained.meaning.prefix(1).uppercased() + explained.meaning.dropFirst() + ".",
                next: explained.next)
        }
    }

    private static func queues(_ state: SystemState) -> [StatusProblem] {
        (state.queues ?? []).flatMap { queue -> [StatusProblem] in
            let depth = queue.depth
            var found: [StatusProblem] = []
            if depth.consumers == 0 {
                found.append(
                    StatusProblem(
                        severity: .critical, code: "queue.unconsumed", title: "Nobody consumes \(depth.name)",
                        meaning: "\(depth.ready) messages wait in it\(age(queue)).",
                        next: "start \(consumer(of: depth.queue)), and see why it is not ready"))
            } else if depth.ready + queue.unacked > 0, queue.age >= limits.warning,
                depth.queue != .accepted || state.waiting == nil
            {
                found.append(
                    StatusProblem(
                        severity: queue.age >= limits.critical ? .critical : .warning, code: "queue.late",
                        title: "\(depth.name) is late",
                        meaning:
                            "\(depth.ready) messages wait in it, \(queue.unacked) are in hand\(age(queue)).",
                        next:
                            "see whether \(consumer(of: depth.queue)) is ready; if it is, start more replicas"
                    ))
            }
            if depth.dead > 0 {
                found.append(
                    StatusProblem(
                        severity: .warning, code: "queue.dead_letters",
                        title: "\(depth.dead) dead letters of \(depth.name)",
                        meaning: "They could not be processed, and wait for a decision.",
                        next: "read their reasons; replay them once the cause is removed, or drop them",
                        link: "#/dead-letters/\(depth.name)"))
            }
            if depth.retrying > 0 {
                found.append(
                    StatusProblem(
                        severity: .warning, code: "queue.retrying",
                        title: "\(depth.retrying) messages of \(depth.name) are to be tried again",
                        meaning: "Their last attempt failed.", next: "see message.retried in the log"))
            }
            return found
        }
    }

    private static func age(_ queue: SystemState.Queue) -> String {
        queue.age < 1000 ? "" : ", the oldest for up to \(queue.age / 1000) s"
    }

    private static func consumer(of queue: OrderTopology.WorkQueue) -> String {
        queue == .accepted ? "order-process" : "order-notification"
    }

    /// - Parameter text: the title and the meaning, of the number and the seconds.
    private static func late(
        _ backlog: SystemState.Backlog?, _ code: String, next: String,
        _ text: (Int, Int) -> (title: String, meaning: String)
    ) -> StatusProblem? {
        guard let backlog, backlog.count > 0, backlog.age >= limits.warning else { return nil }
        let (title, meaning) = text(backlog.count, backlog.age / 1000)
        return StatusProblem(
            severity: backlog.age >= limits.critical ? .critical : .warning, code: code, title: title,
            meaning: meaning, next: next)
    }

    private static func records(_ state: SystemState) -> [StatusProblem] {
        var found = [
            late(
                state.waiting, "orders.waiting",
                next: "see whether order-process is ready; if it is, start more replicas"
            ) {
                (
                    "\($0) orders wait to be recorded",
                    "They are accepted; the oldest \($1) s ago. Nothing is lost."
                )
            },
            late(
                state.outbox, "outbox.late", next: "see whether RabbitMQ confirms and order-process is ready"
            ) {
                (
                    "\($0) outcomes are not published",
                    "The oldest is \($1) s old: their customers have not been told."
                )
            },
            late(
                state.intake, "intake.late",
                next: "see whether order-process is ready, and intake.sweep_failed in its log"
            ) {
                (
                    "\($0) orders wait in the intake table",
                    "PostgreSQL took them when Redis or RabbitMQ did not answer; the oldest \($1) s ago."
                )
            },
        ].compactMap(\.self)
        if let failures = state.failures, failures > 0 {
            let count = failures >= RecordState.failuresCounted ? "\(failures) or more" : "\(failures)"
            found.append(
                StatusProblem(
                    severity: .warning, code: "orders.failed",
                    title: "\(count) orders failed within the last hour",
                    meaning: "Their customers were told.", next: "look at them, and at their reasons",
                    link: "#/orders?status=FAILED"))
        }
        return found
    }
}
