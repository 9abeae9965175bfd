import EventLoop

/// The updates that one client of the failover scenario received, and their verification.
struct ClientLedger: Sendable {
    /// Final updates pushed to the client, by correlation id.
    private(set) var pushes: [String: Int] = [:]
    /// When the client first learned the order's final status.
    private(set) var finalStatusAt: [String: Instant] = [:]
    /// Orders whose final status the client queried, as a SignalR client does after a loss.
    private(set) var queried: Set<String> = []
    /// Those that did not end with COMPLETED.
    private(set) var failed: Set<String> = []
    /// When the client received a gap notice.
    private(set) var gaps: [Instant] = []

    mutating func pushed(_ correlationID: String, isCompleted: Bool, at instant: Instant) {
        pushes[correlationID, default: 0] += 1
        note(correlationID, isCompleted, instant)
    }

    mutating func queryAnswered(_ correlationID: String, isCompleted: Bool, at instant: Instant) {
        if finalStatusAt[correlationID] == nil { queried.insert(correlationID) }
        note(correlationID, isCompleted, instant)
    }

    mutating func receivedGapNotice(at instant: Instant) { gaps.append(instant) }

    private mutating func note(_ correlationID: String, _ isCompleted: Bool, _ instant: Instant) {
        if finalStatusAt[correlationID] == nil { finalStatusAt[correlationID] = instant }
        if !isCompleted { failed.insert(correlationID) }
    }

    func hasFinalStatus(_ correlationID: String) -> Bool { finalStatusAt[correlationID] != nil }

    /// Compares the updates with the orders of the client's user.
    func result(on orders: [DeliveryAudit.Entry]) -> AuditResult {
        var result = AuditResult()
        let own = Set(orders.map(\.correlationID))
        for order in orders {
            if !hasFinalStatus(order.correlationID) {
                // After a gap notice the client has to query earlier orders itself.
                if gaps.contains(where: { $0 >= order.sentAt }) {
                    result.excused += 1
                } else {
                    result.missing += 1
                }
            }
            if pushes[order.correlationID, default: 0] > 1 { result.twice += 1 }
            if failed.contains(order.correlationID) { result.failed += 1 }
        }
        result.foreign = pushes.keys.count { !own.contains($0) }
        return result
    }

    struct AuditResult: Sendable, Equatable {
        var missing = 0
        var twice = 0
        var foreign = 0
        var failed = 0
        /// Missing, but covered by a gap notice.
        var excused = 0

        var isClean: Bool { missing == 0 && twice == 0 && foreign == 0 && failed == 0 }

        static func += (left: inout AuditResult, right: AuditResult) {
            left.missing += right.missing
            left.twice += right.twice
            left.foreign += right.foreign
            left.failed += right.failed
            left.excused += right.excused
        }

        var text: String {
            let faults = [
                ("missing", missing), ("twice", twice), ("not its own", foreign), ("not completed", failed),
            ].filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
            return faults.isEmpty ? "exactly once" : faults.joined(separator: ", ")
        }
    }
}
