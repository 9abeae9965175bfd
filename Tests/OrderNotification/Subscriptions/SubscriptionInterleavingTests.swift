import EventLoop
import HTTP
import JSON
import MemoryAdapters
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

/// Whatever the order in which wake-ups, reads, their answers, joins and losses meet: each session gets each
/// update after its position exactly once, and in order.
@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct InterleavingTests {
    @Test(arguments: 0..<60) func everyUpdateReachesEverySessionOnce(_ seed: Int) async throws {
        let run = try Run(seed: UInt64(seed))
        for _ in 0..<250 { try await run.step() }
        try await run.finish()
        run.judge()
    }
}

@Loop
private final class Run {
    private var random: SeededGenerator
    private let user = UserID("ada")!
    private let state = MemoryState()
    private let store: MemoryMailboxStore
    private let mailboxes: SlowMailboxes
    private let channels: SlowChannels
    private let replica: Replica
    private var tabs: [Tab] = []
    private var offsets: [Int64] = []
    private var number = 0

    private struct Tab {
        let session: Session
        let recorder: Recorder
        /// Everything after it is to come; nil until the welcome says it.
        var after: Int64?
        var resumes = 0
    }

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        store = MemoryMailboxStore(state)
        mailboxes = SlowMailboxes(store)
        channels = SlowChannels(state)
        replica = try Replica(state, mailboxes: mailboxes, channels: channels)
    }

    func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25:
            number += 1
            let delivery = MailboxDelivery(to: user, update(number))
            offsets += try await mailboxes.deliver([delivery]).compactMap(\.offset)
        case 25..<50: channels.arrive(times: Int.random(in: 0..<10, using: &random) == 0 ? 2 : 1)
        case 50..<54: channels.lose()
        case 54..<65: try await mailboxes.serve()
        case 65..<76: mailboxes.answer()
        case 76..<78: mailboxes.fail()
        case 78..<84: channels.confirm()
        case 84..<86: channels.reconnect()
        case 86..<92: try await open()
        case 92..<95: resume()
        case 95..<97: if let tab = tabs.randomElement(using: &random) { tab.session.end(.normal, "") }
        default: replica.sessions.tick()
        }
        if Bool.random(using: &random) { try await settle() }
    }

    private func open() async throws {
        guard tabs.count(where: { $0.session.isOpen }) < 5 else { return }
        var tab: Tab
        if let after = offsets.randomElement(using: &random), Bool.random(using: &random) {
            let epoch = try await store.ends(of: [user])[0].epoch
            let start = ResumePoint.after(MailboxPosition(epoch: epoch, offset: after))
            let (session, recorder) = replica.open(user.value, from: start)
            tab = Tab(session: session, recorder: recorder)
            tab.after = after
        } else {
            let (session, recorder) = replica.open(user.value)
            tab = Tab(session: session, recorder: recorder)
        }
        tabs.append(tab)
    }

    /// A live session asks again for what came before.
    private func resume() {
        guard let index = tabs.indices.randomElement(using: &random), tabs[index].session.isLive,
            let welcome = tabs[index].recorder.messages("welcome").first,
            let reached = tabs[index].session.subscription?.position?.offset,
            // A client cannot have seen what was not sent to it.
            let from = offsets.filter({ $0 <= reached }).randomElement(using: &random),
            let epoch = welcome["epoch"]?.string, let position = welcome["lastEventId"]?.int
        else { return }
        let faults = tabs[index].recorder.messages("error").count
        tabs[index].session.hear(#"{"type":"resume","epoch":"\#(epoch)","lastEventId":\#(from)}"#)
        guard tabs[index].recorder.messages("error").count == faults else { return }
        tabs[index].after = min(tabs[index].after ?? Int64(position), from)
        tabs[index].resumes += 1
    }

    /// Nothing is lost or slow any more, and the look at the mailbox every few seconds finds the last loss.
    func finish() async throws {
        try? await eventually("all is delivered", within: .seconds(5)) {
            channels.confirm()
            for _ in 0..<100 { channels.arrive() }
            replica.sessions.tick()
            try await settle()
            try await mailboxes.serve()
            mailboxes.answer()
            return channels.underWay.isEmpty && faults.isEmpty
        }
    }

    func judge() { #expect(faults == []) }

    private var faults: [String] {
        tabs.filter(\.session.isOpen).compactMap { tab in
            guard let welcome = tab.recorder.messages("welcome").first?["lastEventId"]?.int else {
                return "a session was never welcomed"
            }
            let after = tab.after ?? Int64(welcome)
            let expected = offsets.filter { $0 > after }.map(Int.init)
            let got = tab.recorder.offsets
            if got.sorted() != expected {
                return
                    "\(expected.filter { !got.contains($0) }) are missing, \(got.count - Set(got).count) came twice"
            }
            if tab.resumes == 0, got != expected { return "out of order" }
            let isRecovered = tab.recorder.messages("resumed").allSatisfy { $0["recovered"] == true }
            return isRecovered ? nil : "something counts as lost"
        }
    }
}
