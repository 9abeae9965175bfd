/// The bytes that the clients of a server together make it hold: input that is not complete, bodies, and output that is
/// not read. Each client has limits of its own; this one holds when there are many.
@Loop
package final class BufferBudget {
    /// In bytes.
    package let limit: Int
    package private(set) var used = 0

    /// What a client may make the server hold while the budget is exceeded.
    package nonisolated static let share = 8 << 10

    package nonisolated init(limit: Int) { self.limit = limit }

    package var isExceeded: Bool { used > limit }
    /// Called each time that the limit is passed.
    package var onExceeded: @Loop () -> Void = {}

    func change(by bytes: Int) {
        let wasExceeded = isExceeded
        used += bytes
        if isExceeded, !wasExceeded { onExceeded() }
    }
}
