package import EventLoop

/// Bounds of a ``Pool``.
package struct PostgresPoolLimits: Sendable {
    /// Sessions at most; a PostgreSQL process each, on the server.
    package var size = 4
    /// Callers that may wait for a session.
    package var waiters = 256
    /// How long a caller waits when it does not say.
    package var wait: Duration = .seconds(5)
    /// A session that was idle for so long is asked whether it still lives, and the surplus is closed.
    package var idleCheck: Duration = .seconds(30)
    /// Idle sessions that are kept.
    package var idle = 2
    /// A session is replaced when it is older, so that a moved server is found.
    package var lifetime: Duration = .seconds(1800)
    package var backoff = Backoff(base: .milliseconds(50), cap: .seconds(5))

    package init() {}
}

/// What a ``Pool`` holds at the moment, for gauges.
package struct PostgresPoolStatistics: Sendable, Equatable {
    package var idle: Int
    package var leased: Int
    package var opening: Int
    package var waiting: Int
}

/// Whether a ``Pool`` reaches its server.
package enum PostgresPoolHealth: Sendable {
    /// Nothing was tried yet.
    case unknown
    case available
    /// The last attempt to open a session failed; others follow.
    case unavailable(PostgresError)

    package var isAvailable: Bool { if case .available = self { true } else { false } }
}
