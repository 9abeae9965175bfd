import Testing

@testable import AMQP

@Suite struct AckTrackerTests {
    typealias Ack = AckTracker.Ack

    private func tracker(_ count: UInt64) -> AckTracker {
        var tracker = AckTracker()
        for tag in 1...count { #expect(tracker.delivered(tag) == true) }
        return tracker
    }

    @Test func acksAContiguousPrefixWithOneMultipleAck() {
        var tracker = tracker(5)
        for tag in [3, 1, 2] as [UInt64] { tracker.ack(tag) }
        #expect(tracker.flush() == [Ack(tag: 3, multiple: true)])
        #expect(tracker.outstanding == 2 && !tracker.needsFlush)
    }

    @Test func acksTagsBehindAGapIndividually() {
        var tracker = tracker(5)
        for tag in [1, 3, 5] as [UInt64] { tracker.ack(tag) }
        #expect(
            tracker.flush() == [
                Ack(tag: 1, multiple: false), Ack(tag: 3, multiple: false), Ack(tag: 5, multiple: false),
            ])
        tracker.ack(2)
        tracker.ack(4)
        // The broker knows 3 and 5; a `multiple` ack of the last one covers 2 and 4.
        #expect(tracker.flush() == [Ack(tag: 4, multiple: true)])
        #expect(tracker.outstanding == 0)
    }

    @Test func rejectedDeliveriesAreNeverAcked() {
        var tracker = tracker(3)
        tracker.reject(1)
        tracker.ack(2)
        tracker.reject(3)
        #expect(tracker.flush() == [Ack(tag: 2, multiple: false)])
        let late = [tracker.ack(1), tracker.ack(3)]
        #expect(late == [false, false])
    }

    @Test func settlingTwiceCountsOnce() {
        var tracker = tracker(2)
        let results = [tracker.ack(1), tracker.ack(1), tracker.reject(1), tracker.ack(9)]
        #expect(results == [true, false, false, false])
        let deliveries = [tracker.delivered(4), tracker.delivered(3)]
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
        var tracker = AckTracker()
        for tag in 1...4 as ClosedRange<UInt64> { _ = tracker.delivered(tag) }
        var open: Set<UInt64> = [1, 2, 3, 4]
        var acked: Set<UInt64> = []
        var sent: Set<UInt64> = []
        for round in rounds {
            var code = round
            for tag in 1...4 as ClosedRange<UInt64> {
                switch code % 3 {
                case 1:
                    if tracker.ack(tag) {
                        acked.insert(tag)
                        open.remove(tag)
                    }
                case 2: if tracker.reject(tag) { open.remove(tag) }
                default: break
                }
                code /= 3
            }
            for ack in tracker.flush() {
                let covered = ack.multiple ? Set(1...ack.tag) : [ack.tag]
                if !covered.isDisjoint(with: open) { Issue.record("acked a pending delivery in \(rounds)") }
                sent.formUnion(covered.intersection(acked))
            }
            if sent != acked || tracker.outstanding != open.count { Issue.record("not sent in \(rounds)") }
        }
    }
}
