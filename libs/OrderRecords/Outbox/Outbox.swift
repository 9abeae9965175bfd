package import EventLoop
internal import Orders

/// The events that are recorded and not published: what a crash left.
@Loop
package protocol Outbox: AnyObject {
    /// Hands over events that are older than `age`, at most `limit`, and marks those published of which
    /// `publish` answers true. Of one order only the earliest is handed over, so that none overtakes another.
    /// One caller at a time, among all replicas: for the others there is nothing.
    ///
    /// - Returns: how many were handed over and how many of them published; nil when somebody else is at it.
    func sweep(
        olderThan age: Duration, limit: Int, _ publish: @Loop ([UnpublishedEvent]) async -> [Bool]
    ) async throws(OrderRecordsError) -> Sweep?

    func backlog() async throws(OrderRecordsError) -> OutboxBacklog
}

package struct UnpublishedEvent: Sendable, Hashable {
    package var key: EventKey
    package var event: LoggedEvent

    package init(_ key: EventKey, _ event: LoggedEvent) {
        self.key = key
        self.event = event
    }
}

package struct Sweep: Sendable, Hashable {
    package var found: Int
    package var published: Int

    package init(found: Int, published: Int) {
        self.found = found
        self.published = published
    }
}

/// What waits in the outbox.
package struct OutboxBacklog: Sendable, Hashable {
    package var count: Int
    /// Since the oldest was recorded; zero when nothing waits.
    package var age: Duration
    /// Where in the log the first of them stands; nil when nothing waits.
    package var first: Int?
    /// The last position of the log.
    package var last: Int

    package init(count: Int, age: Duration, first: Int? = nil, last: Int = 0) {
        self.count = count
        self.age = age
        self.first = first
        self.last = last
    }
}
