import EventLoop

/// A condition that did not become true in time.
package struct ConditionTimeout: Error, CustomStringConvertible {
    package let what: String
    package let limit: Duration
    package var description: String { "\(what) did not happen within \(limit)" }
}

/// Waits until `condition` holds, checking every millisecond; throws after `limit`.
@Loop
package func eventually(
    _ what: String, within limit: Duration = .seconds(10), _ condition: @Loop () async throws -> Bool
) async throws {
    let deadline = Instant.systemNow() + limit
    while try await !condition() {
        guard Instant.systemNow() < deadline else { throw ConditionTimeout(what: what, limit: limit) }
        try await Loop.sleep(for: .milliseconds(1))
    }
}
