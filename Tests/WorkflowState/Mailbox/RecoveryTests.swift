import Testing

@testable import WorkflowState

@Suite struct RecoveryTests {
    private let now: Int64 = 1_000_000_000

    private func recovery(_ first: Int64?, _ last: Int64?, count: Int) -> MailboxRecovery {
        MailboxRecovery(first: first, last: last, count: count, now: now, cap: 4, lifetime: .seconds(100))
    }

    @Test func anEmptyMailboxIsRecoveredFromYoungPositions() {
        let empty = recovery(nil, nil, count: 0)
        #expect(empty.end == now - 1)
        #expect(empty.isComplete(after: now - 1))
        #expect(empty.isComplete(after: now - 99_000_000))
        #expect(!empty.isComplete(after: now - 100_000_000))
        #expect(!empty.isComplete(after: now + 1))
    }

    @Test func anUntrimmedMailboxIsRecoveredWithinALifetime() {
        let mailbox = recovery(now - 50_000_000, now - 10_000_000, count: 2)
        #expect(mailbox.end == now - 10_000_000)
        #expect(mailbox.isComplete(after: now - 50_000_000))
        #expect(mailbox.isComplete(after: now - 60_000_000))
        #expect(
            !mailbox.isComplete(after: now - 200_000_000), "an earlier mailbox may have expired in between")
    }

    @Test func aFullMailboxIsRecoveredOnlyFromAPresentEntry() {
        let mailbox = recovery(now - 50, now - 10, count: 4)
        #expect(mailbox.isComplete(after: now - 50))
        #expect(!mailbox.isComplete(after: now - 51))
        #expect(mailbox.isComplete(after: now - 10))
    }

    @Test func oldPositionsAreRecoveredWhileTheirEntryIsPresent() {
        let mailbox = recovery(now - 500_000_000, now - 10, count: 3)
        #expect(mailbox.isComplete(after: now - 500_000_000))
        #expect(mailbox.isComplete(after: now - 400_000_000))
    }

    @Test func acceptsOffsetsAheadOfTheClock() {
        let mailbox = recovery(now + 5, now + 9, count: 3)
        #expect(mailbox.isComplete(after: now + 9))
        #expect(!mailbox.isComplete(after: now + 10))
    }
}
