import EventLoop

/// Opens once, and lets through whoever waited.
@Loop
final class AsyncSignal {
    private(set) var isOpen = false
    private var waiting: [Int: LoopContinuation<Void>] = [:]
    private var next = 0

    func open() {
        isOpen = true
        for key in Array(waiting.keys) { release(key) }
    }

    /// Returns when the gate is open, or the task cancelled.
    func wait() async {
        let key = next
        next += 1
        await withTaskCancellationHandler {
            await Loop.suspend { resumption in
                if isOpen || Task.isCancelled { return resumption.resume() }
                waiting[key] = resumption
            }
        } onCancel: {
            Loop.task { self.release(key) }
        }
    }

    private func release(_ key: Int) { waiting.removeValue(forKey: key)?.resume() }
}

extension Loop {
    /// For a component whose work is elsewhere.
    static func sleepUntilCancelled() async throws(CancellationError) {
        while true { try await sleep(for: .seconds(3600)) }
    }
}
