/// A flag that tasks wait for: once set it releases the tasks that wait and those that come later, until it is reset.
@Loop
package final class AsyncSignal {
    package private(set) var isSet = false
    private let waiters = WaiterQueue<Void>()

    package nonisolated init() {}

    package func set() {
        guard !isSet else { return }
        isSet = true
        waiters.resumeAll(returning: ())
    }

    package func reset() { isSet = false }

    /// Waits until the signal is set, for at most `limit`.
    ///
    /// A wait with a limit on a signal that means "stop" is a delay that ends early.
    /// - Returns: whether the signal is set; false after the limit or when the task is cancelled.
    @discardableResult
    package func wait(within limit: Duration? = nil) async -> Bool {
        let result = await waiters.wait(until: limit.map { Loop.now + $0 }, unless: { isSet ? () : nil })
        if case .value = result { return true }
        return false
    }
}
