import Testing

@testable import AMQP

@Suite struct AckTrackerTests {
    typealias Ack = AckTracker.Ack

    private func ledger(_ count: UInt64) -> AckTracker {
        var ledger = AckTracker()
        for tag in 1...count { #expect(ledger.delivered(tag) == true) }
        return ledger
    }

    @Test func acksAContiguousPrefixWithOneMultipleAck() {
        var ledger = ledger(5)
        for tag in [3, 1, 2] as [UInt64] { ledger.ack(tag) }
        #expect(ledger.flush() == [Ack(tag: 3, multiple: true)])
        #expect(ledger.outstanding == 2 && !ledger.needsFlush)
    }

    @Test func acksTagsBehindAGapIndividually() {
        var ledger = ledger(5)
        for tag in [1, 3, 5] as [UInt64] { ledger.ack(tag) }
        #expect(
            ledger.flush() == [
                Ack(tag: 1, multiple: false), Ack(tag: 3, multiple: false), Ack(tag: 5, multiple: false),
            ])
        ledger.ack(2)
        ledger.ack(4)
        // The broker knows 3 and 5; a `multiple` ack of the last one covers 2 and 4.
        #expect(ledger.flush() == [Ack(tag: 4, multiple: true)])
        #expect(ledger.outstanding == 0)
    }

    @Test func rejectedDeliveriesAreNeverAcked() {
        var ledger = ledger(3)
        ledger.reject(1)
        ledger.ack(2)
        ledger.reject(3)
        #expect(ledger.flush() == [Ack(tag: 2, multiple: false)])
        let late = [ledger.ack(1), ledger.ack(3)]
        #expect(late == [false, false])
    }

    @Test func settlingTwiceCountsOnce() {
        var ledger = ledger(2)
        let verdicts = [ledger.ack(1), ledger.ack(1), ledger.reject(1), ledger.ack(9)]
        #expect(verdicts == [true, false, false, false])
        let deliveries = [ledger.delivered(4), ledger.delivered(3)]
        #expect(deliveries == [false, true])
    }

    /// For all ways to ack, reject or leave four deliveries in two rounds, the acks cover exactly the acked
    /// deliveries and never a pending one.
    @Test func flushedAcksCoverExactlyTheAckedDeliveries() {
        for first in 0..<81 {
            for second in 0..<81 { check([first, second]) }
        }
    }

    private func check(_ rounds: [Int]) {
        var ledger = AckTracker()
        for tag in 1...4 as ClosedRange<UInt64> { _ = ledger.delivered(tag) }
        var open: Set<UInt64> = [1, 2, 3, 4]
        var acked: Set<UInt64> = []
        var told: Set<UInt64> = []
        for round in rounds {
            var code = round
            for tag in 1...4 as ClosedRange<UInt64> {
                switch code % 3 {
                case 1:
                    if ledger.ack(tag) {
                        acked.insert(tag)
                        open.remove(tag)
                    }
                case 2: if ledger.reject(tag) { open.remove(tag) }
                default: break
                }
                code /= 3
            }
            for ack in ledger.flush() {
                let covered = ack.multiple ? Set(1...ack.tag) : [ack.tag]
                if !covered.isDisjoint(with: open) { Issue.record("acked a pending one in \(rounds)") }
                told.formUnion(covered.intersection(acked))
            }
            if told != acked || ledger.outstanding != open.count { Issue.record("not told in \(rounds)") }
        }
    }
}
