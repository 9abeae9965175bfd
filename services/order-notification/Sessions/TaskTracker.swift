import EventLoop

/// Work that an event begins and nobody waits for: kept, so that it can be ended with the service.
@Loop
final class TaskTracker {
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var next = 0

    init() {}

    var count: Int { tasks.count }

    func begin(_ body: @escaping @Loop () async -> Void) {
        let number = next
        next += 1
        tasks[number] = Loop.task { [weak self] in
            await body()
            self?.tasks[number] = nil
        }
    }

    /// Cancels what is still at work, and waits for it.
    func end() async {
        for task in tasks.values { task.cancel() }
        for task in tasks.values { await task.value }
    }
}
