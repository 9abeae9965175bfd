import EventLoop
import Testing

@testable import AMQP

@Suite struct ConfirmProgressTests {
    private let start = Instant(nanoseconds: 5_000_000_000)
    private func at(_ milliseconds: Int) -> Instant { start + .milliseconds(milliseconds) }

    @Test func aChannelWithoutAcksIsOpenedAgainThenTheConnection() {
        var progress = ConfirmProgress()
        #expect(progress.deadline == nil && progress.remedy(at: at(9_000), oldest: nil) == .none)
        progress.published(at: at(0))
        progress.published(at: at(900))
        #expect(progress.deadline == at(1_000) && progress.remedy(at: at(999), oldest: at(0)) == .none)
        #expect(progress.remedy(at: at(1_000), oldest: at(0)) == .reopenChannel)
        progress.channelReopened()
        #expect(progress.deadline == nil && progress.remedy(at: at(9_000), oldest: nil) == .none)
        progress.published(at: at(2_000))
        #expect(progress.remedy(at: at(3_999), oldest: nil) == .none)
        #expect(progress.remedy(at: at(4_000), oldest: nil) == .reconnect)
    }

    @Test func anAckProvesTheChannel() {
        var progress = ConfirmProgress()
        progress.published(at: at(0))
        progress.acked(outstanding: 1, at: at(900))
        #expect(progress.remedy(at: at(1_500), oldest: at(0)) == .none && progress.deadline == at(1_900))
        progress.acked(outstanding: 0, at: at(1_800))
        #expect(progress.deadline == nil && progress.remedy(at: at(9_000), oldest: nil) == .none)
        progress.published(at: at(9_000))
        progress.channelReopened()
        progress.published(at: at(10_000))
        progress.acked(outstanding: 0, at: at(10_100))
        progress.published(at: at(10_200))
        #expect(progress.remedy(at: at(11_200), oldest: nil) == .reopenChannel)
    }

    /// While others are acked.
    @Test func aMessageThatIsNeverSettledCostsTheChannel() {
        var progress = ConfirmProgress()
        for time in stride(from: 0, through: 9_900, by: 100) {
            progress.published(at: at(time))
            progress.acked(outstanding: 1, at: at(time))
            #expect(progress.remedy(at: at(time), oldest: at(0)) == .none)
        }
        #expect(progress.remedy(at: at(10_000), oldest: at(0)) == .reopenChannel)
    }

    /// It refuses everything, as with a full queue.
    @Test func theLimitsDoubleWithEachReconnectThatDoesNotHelp() {
        var progress = ConfirmProgress()
        for factor in [1, 2, 4, 8, 16, 32, 32] {
            progress.published(at: at(0))
            #expect(progress.deadline == at(1_000 * factor))
            progress.channelReopened()
            progress.published(at: at(0))
            #expect(progress.deadline == at(2_000 * factor))
            progress.disconnected()
            #expect(progress.deadline == nil)
        }
        progress.published(at: at(0))
        progress.acked(outstanding: 1, at: at(0))
        #expect(progress.deadline == at(1_000))
    }
}
