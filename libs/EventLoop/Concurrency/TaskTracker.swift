/// Tasks that an event starts and nobody awaits, kept so that they end with their owner.
@Loop
package final class TaskTracker {
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var nextID = 0

    package nonisolated init() {}

    package var count: Int { tasks.count }

    package func start(_ body: @escaping @Loop () async -> Void) {
        let id = nextID
        nextID += 1
        tasks[id] = Loop.task { [weak self] in
            await body()
            self?.tasks[id] = nil
        }
    }

    /// Waits for the running tasks, and for those that they start.
    package func finish() async {
        while let task = tasks.values.first { await task.value }
    }

    /// Cancels the running tasks and waits for them.
    package func cancel() async {
        for task in tasks.values { task.cancel() }
        await finish()
    }
}
