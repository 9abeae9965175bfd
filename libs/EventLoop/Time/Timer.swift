/// Calls a closure once, when its time has come; can be armed again at any time.
///
/// To move a deadline further away, as an idle time-out does at every byte, costs one store: the heap
/// learns of it when the old deadline comes up.
@Loop
package final class Timer {
    private let fire: @Loop () -> Void
    /// When to fire; meaningful while the timer is in the heap.
    private(set) var deadline = Instant(nanoseconds: 0)
    /// Its place in the heap, or -1.
    var heapIndex = -1

    package init(_ fire: @escaping @Loop () -> Void) { self.fire = fire }

    isolated deinit { cancel() }

    package var isArmed: Bool { heapIndex >= 0 }

    /// Fires once, `delay` after the beginning of this turn, instead of at any earlier arrangement.
    package func arm(after delay: Duration) { arm(at: Loop.now + delay) }

    /// A deadline that has passed already counts as the next turn.
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
