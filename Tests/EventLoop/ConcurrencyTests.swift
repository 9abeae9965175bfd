import EventLoop
import TestSupport
import Testing

@Suite struct DequeTests {
    @Test func keepsItsOrderWhileGrowing() {
        var deque = Deque<Int>()
        var next = 0
        for number in 0..<1000 {
            deque.append(number)
            if number % 3 == 0 {
                #expect(deque.popFirst() == next)
                next += 1
            }
            #expect(deque.count == number + 1 - next)
        }
        #expect(Array(deque) == Array(next..<1000))
        #expect(deque.withFirst { $0 = -1 } != nil)
        #expect(deque.popFirst() == -1 && deque.first == next + 1)
        #expect(deque.removeAll() == Array(next + 1..<1000) && deque.isEmpty)
        #expect(deque.popFirst() == nil && deque.withFirst { _ in } == nil)
    }
}

@Loop @Suite(.onLoop) struct WaiterQueueTests {
    @Test func resumesInOrder() async throws {
        let queue = WaiterQueue<Int>()
        var results: [Int] = []
        let tasks = (0..<3).map { _ in
            Loop.task { if case .value(let value) = await queue.wait(until: nil) { results.append(value) } }
        }
        try await eventually("three wait") { queue.count == 3 }
        for value in 0..<3 { #expect(queue.resumeFirst(returning: value)) }
        for task in tasks { await task.value }
        #expect(results == [0, 1, 2] && queue.isEmpty && !queue.resumeFirst(returning: 3))
    }

    @Test func timesOutEachWaiterAtItsOwnDeadline() async {
        let queue = WaiterQueue<Int>()
        let late = Loop.task { await queue.wait(until: Loop.now + .seconds(60)) }
        let early = await queue.wait(until: Loop.now + .milliseconds(2))
        guard case .timedOut = early else {
            Issue.record("unexpected result")
            return
        }
        #expect(queue.count == 1)
        queue.resumeAll(returning: 7)
        guard case .value(7) = await late.value else {
            Issue.record("unexpected result")
            return
        }
    }

    @Test func cancellationEndsAWait() async throws {
        let queue = WaiterQueue<Int>()
        let task = Loop.task { await queue.wait(until: nil) }
        try await eventually("it waits") { queue.count == 1 }
        task.cancel()
        guard case .cancelled = await task.value else {
            Issue.record("unexpected result")
            return
        }
        #expect(queue.isEmpty && !queue.resumeFirst(returning: 1))
    }

    @Test func aCancelledTaskDoesNotWait() async {
        let queue = WaiterQueue<Int>()
        let task = Loop.task { () -> WaitResult<Int> in
            while !Task.isCancelled { await Task.yield() }
            return await queue.wait(until: nil)
        }
        task.cancel()
        guard case .cancelled = await task.value else {
            Issue.record("unexpected result")
            return
        }
    }

    @Test func refusesMoreThanItsLimit() async throws {
        let queue = WaiterQueue<Int>(limit: 1)
        let first = Loop.task { await queue.wait(until: nil) }
        try await eventually("it waits") { queue.count == 1 }
        guard case .overloaded = await queue.wait(until: nil) else {
            Issue.record("unexpected result")
            return
        }
        queue.resumeAll(returning: 1)
        _ = await first.value
        guard case .value(2) = await queue.wait(until: nil, unless: { 2 }) else {
            Issue.record("unexpected result")
            return
        }
    }
}

@Loop @Suite(.onLoop) struct AsyncSignalTests {
    @Test func releasesEarlierAndLaterWaiters() async {
        let signal = AsyncSignal()
        let task = Loop.task { await signal.wait() }
        signal.set()
        #expect(await task.value)
        #expect(await signal.wait())
        signal.reset()
        #expect(await signal.wait(within: .milliseconds(1)) == false)
    }
}

@Loop @Suite(.onLoop) struct RetryTests {
    @Test func retriesUntilSuccess() async {
        var failures: [Int] = []
        let isDone = await Loop.retry(Backoff(base: .zero, cap: .zero)) { number in
            failures.append(number)
            return number == 2
        }
        #expect(isDone && failures == [0, 1, 2])
    }

    @Test func stopsAtTheDeadlineAndAtTheSignal() async {
        let backoff = Backoff(base: .seconds(60), cap: .seconds(60))
        #expect(await Loop.retry(backoff, until: Loop.now) { _ in false } == false)
        let stopping = AsyncSignal()
        stopping.set()
        #expect(await Loop.retry(backoff, stopping: stopping) { _ in false } == false)
    }

    @Test func reconnectsUntilStopped() async {
        let stopping = AsyncSignal()
        var attempts = 0
        await Loop.reconnect(Backoff(base: .zero, cap: .zero), stableAfter: .zero, until: stopping) {
            attempts += 1
            if attempts == 3 { stopping.set() }
            return .zero
        }
        #expect(attempts == 3)
    }

    @Test func taskTrackerFinishesAndCancels() async throws {
        let tracker = TaskTracker()
        var events: [String] = []
        tracker.start { events.append("done") }
        await tracker.finish()
        tracker.start {
            try? await Loop.sleep(for: .seconds(60))
            events.append("cancelled")
        }
        #expect(tracker.count == 1)
        await tracker.cancel()
        #expect(events == ["done", "cancelled"] && tracker.count == 0)
    }
}
