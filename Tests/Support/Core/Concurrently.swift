import EventLoop

/// Runs `body` once per number, concurrently.
@Loop
package func concurrently(_ count: Int, _ body: @escaping @Loop (Int) async throws -> Void) async throws {
    let tasks = (0..<count).map { number in Task { @Loop in try await body(number) } }
    for task in tasks { try await task.value }
}
