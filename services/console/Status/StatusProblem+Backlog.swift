import Messaging

extension StatusProblem {
    /// Milliseconds.
    private static let limits = (warning: 10_000, critical: 60_000)

    static func ofQueues(_ state: SystemState) -> [StatusProblem] {
        (state.queues ?? []).flatMap { queue -> [StatusProblem] in
            let depth = queue.depth
            let consumer = consumer(of: depth.queue)
            func problem(
                _ severity: Severity, _ code: String, _ title: String, _ meaning: String, _ next: String,
                link: String? = nil, after service: String? = nil
            ) -> StatusProblem {
                StatusProblem(
                    severity: severity, code: "queue.\(code)", subject: depth.name, title: title,
                    meaning: meaning, next: next, link: link, services: service.map { [$0] } ?? [])
            }
            let inside = "\(counted(depth.ready, "message")) \(depth.ready == 1 ? "waits" : "wait") in it"
            var found: [StatusProblem] = []
            if depth.consumers == 0 {
                found.append(
                    problem(
                        .critical, "unconsumed", "Nobody consumes \(depth.name)", "\(inside)\(age(queue)).",
                        "`waybill up` starts \(consumer) on this machine; if it runs, its readiness says why it does not",
                        after: consumer))
            } else if depth.ready + queue.unacked > 0, queue.age >= limits.warning,
                depth.queue != .accepted || state.waiting == nil
            {
                found.append(
                    problem(
                        severity(queue.age), "late", "\(depth.name) is late",
                        "\(inside), \(queue.unacked) are in hand\(age(queue)).",
                        "start more replicas of \(consumer)", after: consumer))
            }
            if depth.dead > 0 {
                found.append(
                    problem(
                        .warning, "dead_letters",
                        "\(counted(depth.dead, "dead letter")) of \(depth.name)",
                        "They could not be processed, and wait for a decision.",
                        "read their reasons; replay them once the cause is removed, or drop them",
                        link: "#/dead-letters/\(depth.name)"))
            }
            if depth.retrying > 0 {
                found.append(
                    problem(
                        .warning, "retrying",
                        "\(counted(depth.retrying, "message")) of \(depth.name) to be tried again",
                        "Their last attempt failed.", "see message.retried in the log"))
            }
            return found
        }
    }

    private static func severity(_ age: Int) -> Severity { age >= limits.critical ? .critical : .warning }

    private static func age(_ queue: SystemState.Queue) -> String {
        queue.age < 1000 ? "" : ", the oldest for up to \(time(queue.age))"
    }

    private static func consumer(of queue: OrderTopology.WorkQueue) -> String {
        queue == .accepted ? "order-process" : "order-notification"
    }

    /// `1 order`, `2 orders`.
    private static func counted(_ count: Int, _ what: String) -> String {
        "\(count) \(what)\(count == 1 ? "" : "s")"
    }

    /// - Parameter age: in milliseconds.
    private static func time(_ age: Int) -> String {
        let seconds = age / 1000
        return seconds < 120 ? "\(seconds) s" : seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
    }

    static func ofRecords(_ state: SystemState) -> [StatusProblem] {
        var found: [StatusProblem] = []
        func late(
            _ backlog: SystemState.Backlog?, after limit: Int = limits.warning, _ code: String,
            _ what: String,
            _ meaning: String, _ next: String
        ) {
            guard let backlog, backlog.count > 0, backlog.age >= limit else { return }
            found.append(
                StatusProblem(
                    severity: severity(backlog.age), code: code,
                    title: "\(counted(backlog.count, "order")) \(what)",
                    meaning: "\(meaning) The oldest is \(time(backlog.age)) old.", next: next,
                    services: ["order-process"]))
        }
        late(
            state.waiting, "orders.waiting", "to be recorded", "Accepted, and not lost.",
            "start more replicas of order-process")
        late(
            // order-process publishes within seconds what a replica that was killed has left.
            state.outbox, after: 30_000, "outbox.late", "whose outcome is not marked as published",
            state.outbox?.count == 1
                ? "Its customer may not have been told." : "Their customers may not have been told.",
            "see whether RabbitMQ confirms, and outbox.sweep_failed in the log of order-process")
        late(
            state.intake, "intake.late", "in the intake table",
            "PostgreSQL took them when Redis or RabbitMQ did not answer.",
            "see intake.sweep_failed in the log of order-process")
        if let failures = state.failures, failures > 0 {
            let isMore = failures >= RecordState.failuresCounted
            found.append(
                StatusProblem(
                    severity: .warning, code: "orders.failed",
                    title:
                        "\(counted(failures, "order"))\(isMore ? " or more" : "") failed within the last hour",
                    meaning: "Their customers were told.", next: "look at them, and at their reasons",
                    link: "#/orders?status=FAILED"))
        }
        return found
    }
}
