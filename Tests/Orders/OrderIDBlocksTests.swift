import Orders
import Testing

@Suite struct OrderIDBlocksTests {
    @Test func startsEmptyAndHoldsThreeBlocks() {
        var blocks = OrderIDBlocks()
        #expect(blocks.allocate() == nil)
        for number: Int64 in 1...3 {
            #expect(blocks.needsRefill)
            begin(&blocks)
            #expect(!blocks.needsRefill)
            begin(&blocks, expected: false)
            refill(&blocks, first: number * 100, size: 2)
        }
        #expect(blocks.remaining == 6 && !blocks.needsRefill)
        let ids = (0..<7).map { _ in blocks.allocate()?.value }
        #expect(ids == [100, 101, 200, 201, 300, 301, nil])
    }

    @Test func asksForABlockWhenOneIsUsedUp() {
        var blocks = filled(size: 2, firsts: [1, 11, 21])
        _ = blocks.allocate()
        #expect(!blocks.needsRefill)
        _ = blocks.allocate()
        #expect(blocks.needsRefill)
    }

    @Test func allocationContinuesAfterAFailedRefill() {
        var blocks = filled(size: 2, firsts: [1])
        begin(&blocks)
        blocks.refillFailed()
        #expect(blocks.needsRefill)
        #expect(
            [blocks.allocate()?.value, blocks.allocate()?.value, blocks.allocate()?.value] == [1, 2, nil])
    }

    @Test func rejectsInvalidBlocks() {
        for first: Int64 in [0, -5, OrderID.largest - 1, .max, 2, 3] {
            var blocks = filled(size: 3, firsts: [1])
            begin(&blocks)
            refill(&blocks, first: first, size: 3, expected: false)
            #expect(blocks.needsRefill && blocks.remaining == 3)
        }
        var unrequested = filled(size: 3, firsts: [1])
        refill(&unrequested, first: 4, size: 3, expected: false)
        begin(&unrequested)
        refill(&unrequested, first: 4, size: 0, expected: false)
        #expect(unrequested.remaining == 3)
        #expect(filled(size: 3, firsts: [OrderID.largest - 2]).remaining == 3)
    }

    /// All sequences of nine steps with small blocks.
    @Test func neverAllocatesDuplicateOrUnreservedIDs() {
        enum Step: Int, CaseIterable { case allocate, begin, succeed, fail }
        for code in 0..<(1 << 18) {
            var blocks = OrderIDBlocks()
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
                    if blocks.refilled(first: next, size: 2) { next += 2 }
                case .fail, nil: blocks.refillFailed()
                }
                guard blocks.remaining == next - 1 - allocated, blocks.remaining <= 6 else {
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

    private func refill(_ blocks: inout OrderIDBlocks, first: Int64, size: Int64, expected: Bool = true) {
        let accepted = blocks.refilled(first: first, size: size)
        #expect(accepted == expected)
    }

    private func filled(size: Int64, firsts: [Int64]) -> OrderIDBlocks {
        var blocks = OrderIDBlocks()
        for first in firsts {
            _ = blocks.beginRefill()
            _ = blocks.refilled(first: first, size: size)
        }
        return blocks
    }
}
