package import EventLoop
internal import Orders

/// Access to recorded events that are not published yet, such as after a crash.
@Loop
package protocol Outbox: AnyObject {
    /// Passes at most `limit` unpublished events older than `age` to `publish` and marks those published for which it
    /// returns true. Of each order only the earliest event is passed, which keeps the events in order. Only one caller
    /// among all replicas sweeps at a time.
    ///
    /// - Returns: the number of events passed and published; nil while another caller sweeps.
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

/// The unpublished events.
package struct OutboxBacklog: Sendable, Hashable {
    package var count: Int
    /// Time since the oldest was recorded; zero when empty.
    package var age: Duration

    package init(count: Int, age: Duration) {
        self.count = count
        self.age = age
    }
}
