/// Calls a closure once, at its deadline; can be armed again at any time.
///
/// Moving a deadline further away, as an idle timeout does at every byte, costs one store: the heap is corrected
/// when the old deadline is reached.
@Loop
package final class Timer {
    private let fire: @Loop () -> Void
    /// When to fire; meaningful while the timer is in the heap.
    package private(set) var deadline = Instant(nanoseconds: 0)
    /// Its index in the heap, or -1.
    var heapIndex = -1

    package init(_ fire: @escaping @Loop () -> Void) { self.fire = fire }

    isolated deinit { cancel() }

    package var isArmed: Bool { heapIndex >= 0 }

    /// Fires once, `delay` after the beginning of this turn, which replaces an earlier deadline.
    package func arm(after delay: Duration) { arm(at: Loop.now + delay) }

    /// A deadline in the past fires in the next turn.
    package func arm(at instant: Instant) {
        let deadline = max(instant, Loop.now + .nanoseconds(1))
        let heap = LoopState.current.timers
        let isLater = isArmed && deadline >= heap.key(of: self)
        self.deadline = deadline
        if isLater { return }
        if isArmed { heap.remove(self) }
        heap.insert(self)
    }

    package func cancel() {
        if isArmed { LoopState.current.timers.remove(self) }
    }

    func run() { fire() }
}
