/// Allocates order ids from blocks that a PostgreSQL sequence reserves (hi/lo), so that no request waits for the
/// database. Holds the current block and two ahead.
///
/// A driver calls `allocate()`; when `needsRefill` is true it calls `beginRefill()`, queries the sequence and reports
/// with `refilled(first:size:)` or `refillFailed()`. A crash loses the rest of the blocks: ids have gaps but no
/// duplicates.
package struct OrderIDBlocks: Sendable {
    private var blocks: [Range<Int64>] = []
    /// The largest id of any block so far.
    private var largest: Int64 = 0
    private var isRefilling = false

    private static let held = 3

    package init() {}

    /// Ids that can be allocated without a refill.
    package var remaining: Int64 { blocks.reduce(0) { $0 + Int64($1.count) } }

    /// True when fewer than two blocks are ahead and no refill is in progress.
    package var needsRefill: Bool { !isRefilling && blocks.count < Self.held }

    /// The next id; nil when all blocks are used up.
    package mutating func allocate() -> OrderID? {
        guard let first = blocks.first?.first, let id = OrderID(first) else { return nil }
        blocks[0] = first + 1..<blocks[0].upperBound
        if blocks[0].isEmpty { blocks.removeFirst() }
        return id
    }

    /// Marks a refill as in progress; false when one is already in progress or none is needed.
    package mutating func beginRefill() -> Bool {
        guard needsRefill else { return false }
        isRefilling = true
        return true
    }

    /// Adds `first ..< first + size`, the block that the sequence returned.
    ///
    /// - Parameter size: the sequence's increment.
    /// - Returns: false, with the block dropped, when no refill was in progress, when the block exceeds the range of
    ///   `OrderID`, or when it does not follow every block so far.
    package mutating func refilled(first: Int64, size: Int64) -> Bool {
        guard isRefilling else { return false }
        isRefilling = false
        guard size > 0, first > largest, first <= OrderID.largest - size + 1 else { return false }
        let block = first..<first + size
        largest = block.upperBound - 1
        blocks.append(block)
        return true
    }

    /// Ends a failed refill; `needsRefill` is true again, and the driver decides when to retry.
    package mutating func refillFailed() {
        isRefilling = false
    }
}
