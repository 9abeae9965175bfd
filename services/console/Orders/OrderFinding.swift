import JSON
import Orders

/// What an operator should know of an order first: what became of it, and the next step.
struct OrderFinding {
    var summary: String
    /// Nil when there is nothing to do.
    var next: String?

    /// What is known of an order when it is explained.
    struct Facts {
        var recorded: FoundOrder?
        var copies: RememberedOrder?
        var deadLetters: [(queue: String, reason: String)] = []
        var queue: QueueDepths.Depth?
        /// Of its status.
        var pushes: OrderTimeline.Pushes?
        var away: [String] = []
    }

    init(_ facts: Facts) {
        if let recorded = facts.recorded, let status = recorded.status {
            self.init(recorded, status, facts)
        } else if facts.recorded != nil {
            self.init(waitingIn: "PostgreSQL's intake table", facts)
        } else if facts.copies?.status == .failed {
            self.init(
                summary:
                    "FAILED, without a record: PostgreSQL refuses it, or its ids belong to another order.",
                next: Self.nextOfDeadLetter(facts))
        } else if let dead = facts.deadLetters.first {
            self.init(
                summary: "Its message is in \(dead.queue): \(dead.reason)", next: Self.nextOfDeadLetter(facts)
            )
        } else {
            self.init(waitingIn: "the queue order.accepted", facts)
        }
    }

    private init(summary: String, next: String?) {
        self.summary = summary
        self.next = next
    }

    private init(_ order: FoundOrder, _ status: OrderStatus, _ facts: Facts) {
        let unpublished = order.events.contains { !$0.isPublished }
        switch status {
        case .failed:
            let reason =
                order.events.last { $0.reason != nil }?.reason ?? order.failureCode ?? "no reason is known"
            summary = "FAILED: \(reason)"
            next = Self.nextOfDeadLetter(facts)
        case .accepted, .processing, .completed, .cancelled:
            summary = status.wireName
            next = nil
            if let first = order.events.first, let last = order.events.last, first.type != last.type {
                summary += " \(Self.span(last.occurredAt - first.occurredAt)) after its acceptance"
            }
            summary += "."
        }
        if let pushes = facts.pushes {
            summary += " \(pushes.count) \(pushes.count == 1 ? "session was" : "sessions were") told"
            if let accepted = order.events.first?.occurredAt, Int64(pushes.firstAt) > accepted {
                summary += ", the first \(Self.span(Int64(pushes.firstAt) - accepted)) after its acceptance"
            }
            summary += "."
        } else if unpublished {
            summary += " Its outcome is not marked as published."
            next =
                "`waybill problems`: the relay of order-process publishes it while order-process and RabbitMQ answer"
        } else if facts.copies?.delivered.isEmpty == false {
            summary += " It is in its owner's mailbox; no replica remembers a push of it."
        }
        if order.members.contains(where: { $0.key == "deletedAt" && !$0.value.isNull }) {
            summary += " Its owner has deleted it."
        }
    }

    private init(waitingIn place: String, _ facts: Facts) {
        summary = "Accepted; it waits in \(place)."
        next = nil
        guard let queue = facts.queue else {
            next = facts.away.isEmpty ? nil : "bring back: \(facts.away.joined(separator: ", "))"
            return
        }
        if queue.consumers == 0 {
            summary += " Nobody consumes \(queue.name)."
            next = "start order-process, and see why it is not ready"
        } else if queue.ready > 0 {
            summary += " \(queue.ready) messages wait in \(queue.name), for \(queue.consumers) consumers."
            next = "wait, or start more replicas of order-process"
        } else {
            summary += " A replica of order-process may have its message in hand."
            next = "see whether order-process is ready, and why it waits"
        }
    }

    private static func nextOfDeadLetter(_ facts: Facts) -> String? {
        guard let dead = facts.deadLetters.first else { return nil }
        return "remove the cause, then replay its message in \(dead.queue), or drop it"
    }

    private static func span(_ microseconds: Int64) -> String {
        microseconds < 10_000_000 ? "\(microseconds / 1000) ms" : "\(microseconds / 1_000_000) s"
    }
}
