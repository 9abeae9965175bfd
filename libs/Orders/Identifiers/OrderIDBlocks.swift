/// Hands out order ids from blocks that a PostgreSQL sequence reserves (hi/lo), so that no request waits
/// for the database. Holds at most the block in use and the one fetched ahead of need.
///
/// A driver calls `take()`, and whenever `wantsRefill` calls `beginRefill()`, asks the sequence, then
/// reports with `refilled(first:)` or `refillFailed()`. Ids of a block that a crash cut short are lost:
/// gaps are expected, duplicates are not.
package struct OrderIDBlocks: Sendable {
    /// The increment of the sequence `order_id_blocks`.
    package static let standardSize: Int64 = 1_000

    package let size: Int64
    private var current: Range<Int64> = 0..<0
    private var ahead: Range<Int64> = 0..<0
    private var isRefilling = false

    /// - Parameter size: ids in a block, positive.
    package init(size: Int64 = Self.standardSize) {
        precondition(size > 0, "a block holds at least one id")
        self.size = size
    }

    /// Ids that can be taken without asking the database.
    package var remaining: Int64 { Int64(current.count + ahead.count) }

    /// A third of a block or less is left and nobody has asked for more yet.
    package var wantsRefill: Bool { !isRefilling && remaining <= size / 3 }

    /// The next id; nil when both blocks are spent.
    package mutating func take() -> OrderID? {
        if current.isEmpty { (current, ahead) = (ahead, 0..<0) }
        guard let first = current.first, let id = OrderID(first) else { return nil }
        current = first + 1..<current.upperBound
        return id
    }

    /// Claims the refill; false when one is under way or none is wanted.
    package mutating func beginRefill() -> Bool {
        guard wantsRefill else { return false }
        isRefilling = true
        return true
    }

    /// Adds `first ..< first + size`, the block that the sequence gave.
    ///
    /// - Returns: false, and the block is dropped, when no refill was under way, when it leaves the range of
    ///   `OrderID`, or when it overlaps ids still held: the sequence was reset or has another increment.
    package mutating func refilled(first: Int64) -> Bool {
        guard isRefilling else { return false }
        isRefilling = false
        guard first > 0, first <= OrderID.largest - size + 1 else { return false }
        let block = first..<first + size
        guard !block.overlaps(current) else { return false }
        if current.isEmpty { current = block } else { ahead = block }
        return true
    }

    /// The sequence could not be asked; `wantsRefill` is true again, the driver decides when to retry.
    package mutating func refillFailed() {
        isRefilling = false
    }
}
