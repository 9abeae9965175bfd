import Orders
import Testing

@Suite struct OrderIDBlocksTests {
    @Test func startsEmptyAndAsksOnce() {
        var blocks = OrderIDBlocks(size: 3)
        #expect(blocks.take() == nil)
        #expect(blocks.wantsRefill)
        begin(&blocks)
        #expect(!blocks.wantsRefill)
        begin(&blocks, expected: false)
        refill(&blocks, first: 1)
        #expect(blocks.remaining == 3)
        #expect(!blocks.wantsRefill)
    }

    @Test func asksAheadWhenAThirdIsLeft() {
        var blocks = filled(size: 9, first: 10)
        for _ in 0..<5 { _ = blocks.take() }
        #expect(!blocks.wantsRefill)
        #expect(blocks.take()?.value == 15)
        begin(&blocks)
        refill(&blocks, first: 100)
        #expect(blocks.remaining == 12)
        let rest = (0..<13).map { _ in blocks.take()?.value }
        #expect(rest == [16, 17, 18, 100, 101, 102, 103, 104, 105, 106, 107, 108, nil])
    }

    @Test func aFailedRefillIsWantedAgainAndSpendingGoesOn() {
        var blocks = filled(size: 3, first: 1)
        #expect([blocks.take()?.value, blocks.take()?.value] == [1, 2])
        begin(&blocks)
        blocks.refillFailed()
        #expect(blocks.wantsRefill)
        #expect(blocks.take()?.value == 3)
        #expect(blocks.take() == nil)
    }

    @Test func refusesBlocksThatCannotBe() {
        for first: Int64 in [0, -5, OrderID.largest - 1, .max, 2] {
            var blocks = filled(size: 3, first: 1)
            _ = (blocks.take(), blocks.take())
            begin(&blocks)
            refill(&blocks, first: first, expected: false)
            #expect(blocks.wantsRefill)
        }
        var unasked = filled(size: 3, first: 1)
        refill(&unasked, first: 4, expected: false)
        #expect(unasked.remaining == 3)
        #expect(filled(size: 3, first: OrderID.largest - 2).remaining == 3)
    }

    /// Every sequence of nine steps over a small block: no id twice, none invented, the books balance.
    @Test func exhaustively() {
        enum Step: Int, CaseIterable { case take, begin, succeed, fail }
        for code in 0..<(1 << 18) {
            var blocks = OrderIDBlocks(size: 2)
            var next: Int64 = 1
            var given: Int64 = 0
            var last: Int64 = 0
            for position in 0..<9 {
                switch Step(rawValue: code >> (position * 2) & 3) {
                case .take:
                    guard let id = blocks.take() else { break }
                    guard id.value > last, id.value < next else {
                        Issue.record("\(id) in \(code)")
                        return
                    }
                    last = id.value
                    given += 1
                case .begin: _ = blocks.beginRefill()
                case .succeed:
                    if blocks.refilled(first: next) { next += 2 }
                case .fail, nil: blocks.refillFailed()
                }
                guard blocks.remaining == next - 1 - given, blocks.remaining <= 4 else {
                    Issue.record("\(blocks) in \(code)")
                    return
                }
            }
        }
    }

    private func begin(_ blocks: inout OrderIDBlocks, expected: Bool = true) {
        let began = blocks.beginRefill()
        #expect(began == expected)
    }

    private func refill(_ blocks: inout OrderIDBlocks, first: Int64, expected: Bool = true) {
        let taken = blocks.refilled(first: first)
        #expect(taken == expected)
    }

    private func filled(size: Int64, first: Int64) -> OrderIDBlocks {
        var blocks = OrderIDBlocks(size: size)
        _ = blocks.beginRefill()
        _ = blocks.refilled(first: first)
        return blocks
    }
}
