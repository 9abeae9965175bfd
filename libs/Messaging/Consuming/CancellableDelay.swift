internal import EventLoop

/// Pauses that can be ended together, for good.
@Loop
final class CancellableDelay {
    private var waiting: [Int: LoopContinuation<Bool>] = [:]
    private var next = 0
    private var isEnded = false

    /// - Returns: false when there is no more resting.
    func sleep(for delay: Duration) async -> Bool {
        if isEnded { return false }
        let key = next
        next += 1
        let timer = Timer { [weak self] in self?.wake(key, true) }
        timer.arm(after: delay)
        defer { timer.cancel() }
        return await Loop.suspend { waiting[key] = $0 }
    }

    func end() {
        isEnded = true
        for key in Array(waiting.keys) { wake(key, false) }
    }

    private func wake(_ key: Int, _ value: Bool) {
        waiting.removeValue(forKey: key)?.resume(returning: value)
    }
}
