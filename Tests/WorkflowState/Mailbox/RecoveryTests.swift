import Testing

@testable import WorkflowState

@Suite struct RecoveryTests {
    private let now: Int64 = 1_000_000_000

    private func facts(_ first: Int64?, _ last: Int64?, count: Int) -> Recovery {
        Recovery(first: first, last: last, count: count, now: now, cap: 4, lifetime: .seconds(100))
    }

    @Test func anEmptyMailboxIsRecoveredFromYoungPositions() {
        let empty = facts(nil, nil, count: 0)
        #expect(empty.end == now - 1)
        #expect(empty.isComplete(after: now - 1))
        #expect(empty.isComplete(after: now - 99_000_000))
        #expect(!empty.isComplete(after: now - 100_000_000))
        #expect(!empty.isComplete(after: now + 1))
    }

    @Test func anUntrimmedMailboxIsRecoveredWithinALifetime() {
        let box = facts(now - 50_000_000, now - 10_000_000, count: 2)
        #expect(box.end == now - 10_000_000)
        #expect(box.isComplete(after: now - 50_000_000))
        #expect(box.isComplete(after: now - 60_000_000))
        #expect(!box.isComplete(after: now - 200_000_000), "an earlier mailbox may have expired in between")
    }

    @Test func aFullMailboxIsRecoveredOnlyFromAPresentEntry() {
        let box = facts(now - 50, now - 10, count: 4)
        #expect(box.isComplete(after: now - 50))
        #expect(!box.isComplete(after: now - 51))
        #expect(box.isComplete(after: now - 10))
    }

    @Test func oldPositionsAreRecoveredWhileTheirEntryIsPresent() {
        let box = facts(now - 500_000_000, now - 10, count: 3)
        #expect(box.isComplete(after: now - 500_000_000))
        #expect(box.isComplete(after: now - 400_000_000))
    }

    @Test func acceptsOffsetsAheadOfTheClock() {
        let box = facts(now + 5, now + 9, count: 3)
        #expect(box.isComplete(after: now + 9))
        #expect(!box.isComplete(after: now + 10))
    }
}
