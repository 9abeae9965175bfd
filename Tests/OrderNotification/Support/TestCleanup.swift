import EventLoop
import HTTP
import Testing

@testable import OrderNotification

/// Ends what a test leaves behind: sessions that are still open, and what still waits for the test. Both hold
/// the replica, which holds them.
struct TestCleanupTrait: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let cleanup = TestCleanup()
        var failure: (any Error)?
        do {
            try await RunningTest.$cleanup.withValue(cleanup) { try await function() }
        } catch { failure = error }
        await cleanup.end()
        if let failure { throw failure }
    }
}

extension Trait where Self == TestCleanupTrait {
    static var endsItsSessions: TestCleanupTrait { TestCleanupTrait() }
}

@Loop
final class TestCleanup {
    private var replicas: [Replica] = []
    private var channels: [SlowChannels] = []
    private var mailboxes: [SlowMailboxes] = []

    static func add(_ replica: Replica) { RunningTest.cleanup?.replicas.append(replica) }
    static func add(_ channels: SlowChannels) { RunningTest.cleanup?.channels.append(channels) }
    static func add(_ mailboxes: SlowMailboxes) { RunningTest.cleanup?.mailboxes.append(mailboxes) }

    func end() async {
        for replica in replicas {
            for session in replica.sessions.all { session.disconnected(.goingAway) }
        }
        for channels in channels { channels.end() }
        for mailboxes in mailboxes { mailboxes.end() }
        for replica in replicas { await replica.tasks.cancel() }
    }
}

private enum RunningTest {
    @TaskLocal static var cleanup: TestCleanup?
}
