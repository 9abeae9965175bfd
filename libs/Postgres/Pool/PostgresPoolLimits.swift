package import EventLoop

/// Bounds of a ``PostgresPool``.
package struct PostgresPoolLimits: Sendable {
    /// Maximum sessions; each is a process on the server.
    package var size = 4
    /// Callers that may wait for a session.
    package var waiters = 256
    /// How long a caller waits unless it sets a limit.
    package var wait: Duration = .seconds(5)
    /// A session idle for this long is pinged, and surplus sessions are closed.
    package var idleCheck: Duration = .seconds(30)
    /// Idle sessions that are kept.
    package var idle = 2
    /// An older session is replaced, so that a moved server is found.
    package var lifetime: Duration = .seconds(1800)
    package var backoff = Backoff(base: .milliseconds(50), cap: .seconds(5))

    package init() {}
}

/// A ``PostgresPool``'s current counts, for gauges.
package struct PostgresPoolStatistics: Sendable, Equatable {
    package var idle: Int
    package var leased: Int
    package var opening: Int
    package var waiting: Int
}

/// Whether a ``PostgresPool`` reaches its server.
package enum PostgresPoolHealth: Sendable {
    /// No session has been opened yet.
    case unknown
    case available
    /// The last attempt to open a session failed; others follow.
    case unavailable(PostgresError)

    package var isAvailable: Bool { if case .available = self { true } else { false } }

    package var error: PostgresError? { if case .unavailable(let error) = self { error } else { nil } }

    /// Why there is no session, in a word: `unreachable`, `authentication`, `tls`, `readonly`, `starting`, ….
    package var problem: String? {
        switch self {
        case .available: nil
        case .unknown: "unreachable"
        case .unavailable(let error): error.problem
        }
    }
}
