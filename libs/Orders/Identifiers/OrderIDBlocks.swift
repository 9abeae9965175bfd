/// Allocates order ids from blocks that a PostgreSQL sequence reserves (hi/lo), so that no request waits for the
/// database. Holds at most the current block and one prefetched block.
///
/// A driver calls `allocate()`; when `needsRefill` is true it calls `beginRefill()`, queries the sequence and reports
/// with `refilled(first:)` or `refillFailed()`. A crash loses the rest of a block: ids have gaps but no duplicates.
package struct OrderIDBlocks: Sendable {
    /// The increment of the sequence `order_id_blocks`.
    package static let standardSize: Int64 = 1_000

    package let size: Int64
    private var current: Range<Int64> = 0..<0
    private var prefetched: Range<Int64> = 0..<0
    /// The largest id of any block so far.
    private var largest: Int64 = 0
    private var isRefilling = false

    /// - Parameter size: ids per block, positive.
    package init(size: Int64 = Self.standardSize) {
        precondition(size > 0, "a block has at least one id")
        self.size = size
    }

    /// Ids that can be allocated without a refill.
    package var remaining: Int64 { Int64(current.count + prefetched.count) }

    /// True when at most a third of a block is left and no refill is in progress.
    package var needsRefill: Bool { !isRefilling && remaining <= size / 3 }

    /// The next id; nil when both blocks are used up.
    package mutating func allocate() -> OrderID? {
        if current.isEmpty { (current, prefetched) = (prefetched, 0..<0) }
        guard let first = current.first, let id = OrderID(first) else { return nil }
        current = first + 1..<current.upperBound
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
    /// - Parameter newest: the largest id that is recorded, 0 for none.
    /// - Returns: false, with the block dropped, when no refill was in progress, when the block exceeds the range of
    ///   `OrderID`, or when it does not follow every id known: the sequence was set back, by a restore or a failover.
    package mutating func refilled(first: Int64, newest: Int64 = 0) -> Bool {
        guard isRefilling else { return false }
        isRefilling = false
        guard first > max(largest, newest), first <= OrderID.largest - size + 1 else { return false }
        let block = first..<first + size
        largest = block.upperBound - 1
        if current.isEmpty { current = block } else { prefetched = block }
        return true
    }

    /// Ends a failed refill; `needsRefill` is true again, and the driver decides when to retry.
    package mutating func refillFailed() {
        isRefilling = false
    }
}
