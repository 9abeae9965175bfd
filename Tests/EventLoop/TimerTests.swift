import EventLoop
import TestSupport
import Testing

@Suite struct TimerTests {
    @Test @Loop func timersFireInOrderOfTheirDeadlines() async throws {
        var fired: [Int] = []
        var timers: [Timer] = []
        var order = Array(0..<200)
        order.shuffle()
        for milliseconds in order {
            let timer = Timer { fired.append(milliseconds) }
            timer.arm(after: .microseconds(milliseconds * 50))
            timers.append(timer)
        }
        try await eventually("all timers fired") { fired.count == 200 }
        #expect(fired == Array(0..<200))
        #expect(timers.allSatisfy { !$0.isArmed })
    }

    @Test @Loop func aCancelledTimerDoesNotFire() async throws {
        var fired = false
        let timer = Timer { fired = true }
        timer.arm(after: .milliseconds(1))
        timer.cancel()
        try await Loop.sleep(for: .milliseconds(5))
        #expect(!fired)
    }

    @Test @Loop func aTimerMayCancelAnotherThatIsDueInTheSameTurn() async throws {
        var fired: [String] = []
        var second: Timer?
        let first = Timer {
            fired.append("first")
            second?.cancel()
        }
        second = Timer { fired.append("second") }
        let deadline = Loop.now + .milliseconds(1)
        first.arm(at: deadline)
        second?.arm(at: deadline + .nanoseconds(1))
        try await Loop.sleep(for: .milliseconds(5))
        #expect(fired == ["first"])
    }

    @Test @Loop func aMovedDeadlineDelaysOrAdvancesATimer() async throws {
        let start = Loop.now
        var fired: [String] = []
        var lateAt: Instant?
        let late = Timer {
            fired.append("late")
            lateAt = Loop.now
        }
        late.arm(after: .milliseconds(1))
        late.arm(after: .milliseconds(20))
        let soon = Timer { fired.append("soon") }
        soon.arm(after: .seconds(60))
        soon.arm(after: .milliseconds(1))
        try await eventually("both fired") { fired.count == 2 }
        #expect(start.duration(to: lateAt!) >= .milliseconds(20))
        #expect(fired == ["soon", "late"])
    }

    @Test @Loop func aTimerArmedAgainByItselfWaitsForTheNextTurn() async throws {
        var count = 0
        var timer: Timer?
        timer = Timer {
            count += 1
            if count < 5 { timer?.arm(after: .zero) }
        }
        timer?.arm(after: .zero)
        let turns = Loop.statistics.turns
        try await eventually("five times") { count == 5 }
        timer = nil
        #expect(Loop.statistics.turns - turns >= 5)
    }

    @Test @Loop func theHeapKeepsItsOrderUnderRandomOperations() async throws {
        var generator = SystemRandomNumberGenerator()
        let before = Loop.statistics.timers
        var timers = (0..<500).map { _ in Timer {} }
        for _ in 0..<5_000 {
            let timer = timers.randomElement(using: &generator)!
            if Bool.random(using: &generator) {
                timer.arm(after: .seconds(Int.random(in: 100...1000, using: &generator)))
            } else {
                timer.cancel()
            }
        }
        for timer in timers { timer.cancel() }
        timers = []
        #expect(Loop.statistics.timers <= before)
    }

    @Test @Loop func sleepEndsWhenItsTaskIsCancelled() async {
        let task = Task { @Loop in try await Loop.sleep(for: .seconds(60)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test @Loop func withDeadlineCancelsAndThrows() async {
        await #expect(throws: DeadlineExceededError.self) {
            try await withDeadline(.milliseconds(2)) { try await Loop.sleep(for: .seconds(60)) }
        }
    }

    @Test @Loop func withDeadlineReturnsResultsAndErrors() async throws {
        struct Refused: Error {}
        let answer = try await withDeadline(.seconds(5)) { 42 }
        #expect(answer == 42)
        await #expect(throws: Refused.self) {
            try await withDeadline(.seconds(5)) { throw Refused() }
        }
    }
}
