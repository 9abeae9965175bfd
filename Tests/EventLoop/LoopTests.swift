import EventLoop
import TestSupport
import Testing

@Suite struct LoopTests {
    @Test @Loop func isolatedCodeRunsOnTheLoop() {
        #expect(Loop.isCurrent)
    }

    @Test func otherThreadsAreNotTheLoop() async {
        let elsewhere = await Task.detached { Loop.isCurrent }.value
        #expect(!elsewhere)
    }

    @Test func jobsFromManyThreadsAllRun() async {
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask { for _ in 0..<50 { await counter.increment() } }
            }
        }
        #expect(await counter.value == 10_000)
    }

    @Test @Loop func nonisolatedAsyncFunctionsStayOnTheLoop() async {
        func inherited() async -> Bool { Loop.isCurrent }
        #expect(await inherited())
    }

    @Test @Loop func tasksThatWakeEachOtherDoNotStarveTimers() async throws {
        let spinner = Task { @Loop in while !Task.isCancelled { await Task.yield() } }
        try await Loop.sleep(for: .milliseconds(5))
        spinner.cancel()
        await spinner.value
    }

    @Test @Loop func nowIsConstantWithinATurnAndAdvancesBetweenTurns() async throws {
        let first = Loop.now
        #expect(Loop.now == first)
        try await Loop.sleep(for: .milliseconds(2))
        #expect(first.duration(to: Loop.now) >= .milliseconds(2))
    }
}

@Loop
private final class Counter {
    var value = 0
    func increment() { value += 1 }
}
