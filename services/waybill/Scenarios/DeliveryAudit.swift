import EventLoop

/// The orders placed and the updates that each client received, by which a demonstration is verified.
struct DeliveryAudit {
    struct Entry: Sendable {
        var orderID: Int
        var correlationID: String
        var sentAt: Instant
        var acceptedAt: Instant
    }

    /// The errors of one client's updates; none are allowed.
    struct AuditResult: Equatable {
        var missing: [Int] = []
        var duplicated: [Int] = []
        /// Final updates of orders that are not its user's.
        var foreign: [Int] = []
        /// Orders that ended with another status than COMPLETED.
        var failed: [Int] = []

        var isClean: Bool { self == AuditResult() }

        var text: String {
            let parts = [
                ("missing", missing), ("twice", duplicated), ("not its own", foreign),
                ("not completed", failed),
            ].filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.map(String.init).joined(separator: ", "))" }
            return parts.isEmpty ? "exactly once" : parts.joined(separator: "; ")
        }
    }

    private(set) var entries: [Entry] = []

    mutating func add(_ entry: Entry) { entries.append(entry) }

    /// Compares one client's updates with the expected orders: all of them, or none for a client of another
    /// user.
    func result(on updates: [OrderUpdate], isOwner: Bool) -> AuditResult {
        let finals = updates.filter(\.isFinal)
        var counts: [String: Int] = [:]
        for update in finals { counts[update.correlationID, default: 0] += 1 }
        let own = isOwner ? entries : []
        let known = Set(own.map(\.correlationID))
        return AuditResult(
            missing: own.filter { counts[$0.correlationID] == nil }.map(\.orderID),
            duplicated: own.filter { counts[$0.correlationID, default: 0] > 1 }.map(\.orderID),
            foreign: finals.filter { !known.contains($0.correlationID) }.map(\.orderID),
            failed: finals.filter { known.contains($0.correlationID) && $0.status != "COMPLETED" }.map(
                \.orderID))
    }

    /// From the order's request until the client's final update.
    func latency(of entry: Entry, in updates: [OrderUpdate]) -> Duration? {
        updates.first { $0.correlationID == entry.correlationID && $0.isFinal }
            .map { entry.sentAt.duration(to: $0.receivedAt) }
    }
}

/// The value below which `share` of the durations lie; nil without values.
func percentile(_ share: Double, of durations: [Duration]) -> Duration? {
    guard !durations.isEmpty else { return nil }
    let sorted = durations.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
