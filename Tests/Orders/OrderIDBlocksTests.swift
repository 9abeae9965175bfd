import Orders
import Testing

@Suite struct OrderIDBlocksTests {
    @Test func startsEmptyAndRefillsOnce() {
        var blocks = OrderIDBlocks(size: 3)
        #expect(blocks.allocate() == nil)
        #expect(blocks.needsRefill)
        begin(&blocks)
        #expect(!blocks.needsRefill)
        begin(&blocks, expected: false)
        refill(&blocks, first: 1)
        #expect(blocks.remaining == 3)
        #expect(!blocks.needsRefill)
    }

    @Test func prefetchesWhenAThirdIsLeft() {
        var blocks = filled(size: 9, first: 10)
        for _ in 0..<5 { _ = blocks.allocate() }
        #expect(!blocks.needsRefill)
        #expect(blocks.allocate()?.value == 15)
        begin(&blocks)
        refill(&blocks, first: 100)
        #expect(blocks.remaining == 12)
        let rest = (0..<13).map { _ in blocks.allocate()?.value }
        #expect(rest == [16, 17, 18, 100, 101, 102, 103, 104, 105, 106, 107, 108, nil])
    }

    @Test func allocationContinuesAfterAFailedRefill() {
        var blocks = filled(size: 3, first: 1)
        #expect([blocks.allocate()?.value, blocks.allocate()?.value] == [1, 2])
        begin(&blocks)
        blocks.refillFailed()
        #expect(blocks.needsRefill)
        #expect(blocks.allocate()?.value == 3)
        #expect(blocks.allocate() == nil)
    }

    @Test func rejectsInvalidBlocks() {
        for first: Int64 in [0, -5, OrderID.largest - 1, .max, 2] {
            var blocks = filled(size: 3, first: 1)
            _ = (blocks.allocate(), blocks.allocate())
            begin(&blocks)
            refill(&blocks, first: first, expected: false)
            #expect(blocks.needsRefill)
        }
        var unrequested = filled(size: 3, first: 1)
        refill(&unrequested, first: 4, expected: false)
        #expect(unrequested.remaining == 3)
        #expect(filled(size: 3, first: OrderID.largest - 2).remaining == 3)
    }

    /// A sequence that was set back returns blocks that were used, by this process or by recorded orders.
    @Test func rejectsBlocksThatDoNotFollowKnownIDs() {
        var blocks = filled(size: 2, first: 11)
        _ = (blocks.allocate(), blocks.allocate())
        for first: Int64 in [1, 10, 12] {
            begin(&blocks)
            refill(&blocks, first: first, expected: false)
        }
        for (first, newest, isAccepted) in [(13, 14, false), (13, 13, false), (15, 14, true)]
            as [(Int64, Int64, Bool)]
        {
            begin(&blocks)
            let accepted = blocks.refilled(first: first, newest: newest)
            #expect(accepted == isAccepted)
        }
        #expect(blocks.allocate()?.value == 15)
    }

    /// All sequences of nine steps with a small block.
    @Test func neverAllocatesDuplicateOrUnreservedIDs() {
        enum Step: Int, CaseIterable { case allocate, begin, succeed, fail }
        for code in 0..<(1 << 18) {
            var blocks = OrderIDBlocks(size: 2)
            var next: Int64 = 1
            var allocated: Int64 = 0
            var last: Int64 = 0
            for position in 0..<9 {
                switch Step(rawValue: code >> (position * 2) & 3) {
                case .allocate:
                    guard let id = blocks.allocate() else { break }
                    guard id.value > last, id.value < next else {
                        Issue.record("\(id) in \(code)")
                        return
                    }
                    last = id.value
                    allocated += 1
                case .begin: _ = blocks.beginRefill()
                case .succeed:
                    if blocks.refilled(first: next) { next += 2 }
                case .fail, nil: blocks.refillFailed()
                }
                guard blocks.remaining == next - 1 - allocated, blocks.remaining <= 4 else {
                    Issue.record("\(blocks) in \(code)")
                    return
                }
            }
        }
    }

    private func begin(_ blocks: inout OrderIDBlocks, expected: Bool = true) {
        let didBegin = blocks.beginRefill()
        #expect(didBegin == expected)
    }

    private func refill(_ blocks: inout OrderIDBlocks, first: Int64, expected: Bool = true) {
        let accepted = blocks.refilled(first: first)
        #expect(accepted == expected)
    }

    private func filled(size: Int64, first: Int64) -> OrderIDBlocks {
        var blocks = OrderIDBlocks(size: size)
        _ = blocks.beginRefill()
        _ = blocks.refilled(first: first)
        return blocks
    }
}
