import Orders
import WorkflowState

/// Outcomes that reads of a mailbox brought before the user's channel did. What the channel says of these orders until it
/// has reached them is older: it would take them back.
struct OvertakenOutcomes {
    private var offsets: [CorrelationID: Int64] = [:]
    /// Checks since the last of them came.
    private var age = 0
    /// The channel is not later than so many checks.
    private static let oldest = 3

    func contains(_ id: CorrelationID) -> Bool { offsets[id] != nil }

    mutating func add(_ entries: [Publication]) {
        for entry in entries {
            guard let offset = entry.offset else { continue }
            offsets[entry.update.correlationID] = offset
            age = 0
        }
    }

    mutating func channelReached(_ offset: Int64) {
        if !offsets.isEmpty { offsets = offsets.filter { $0.value > offset } }
    }

    mutating func grewOlder() {
        age += 1
        if age >= Self.oldest { offsets = [:] }
    }
}
