/// An order's status. The declared order is SignalR's numbering, 0…4.
package enum OrderStatus: Int, Hashable, Sendable, CaseIterable {
    case accepted
    case processing
    case completed
    case failed
    case cancelled

    /// The name in JSON, Redis and PostgreSQL.
    package var wireName: String {
        switch self {
        case .accepted: "ACCEPTED"
        case .processing: "PROCESSING"
        case .completed: "COMPLETED"
        case .failed: "FAILED"
        case .cancelled: "CANCELLED"
        }
    }

    package init?(wireName: String) {
        guard let status = Self.allCases.first(where: { $0.wireName == wireName }) else { return nil }
        self = status
    }

    /// The number in the SignalR hub's `Notification`.
    package var signalRValue: Int { rawValue }

    /// A status changes only to one of a higher rank.
    package var rank: Int {
        switch self {
        case .accepted: 0
        case .processing: 1
        case .completed, .failed, .cancelled: 2
        }
    }

    /// No status follows, except when an operator replays a failed order.
    package var isFinal: Bool { rank == 2 }
}

extension OrderStatus: CustomStringConvertible {
    package var description: String { wireName }
}
