package import EventLoop

/// Names the server to connect to, asked before each attempt: a constant, or what Sentinel says.
package typealias RedisEndpointProvider = @Loop () async throws -> Endpoint

/// What the owner of a long-lived connection may want to tell readiness.
package enum RedisConnectionState: Sendable, Equatable {
    /// Not connected yet, or not any more; the reason of the last failure, if there was one.
    case down(RedisError?)
    case up(Endpoint)

    package var isUp: Bool {
        if case .up = self { true } else { false }
    }
}

/// Keeps one connection up: connects, waits for its end, and connects again after a growing delay.
@Loop
final class RedisReconnector {
    /// A connection that lived this long shows that the server is stable: the next delay is short again.
    private static let stableAfter = Duration.seconds(1)

    private let configuration: RedisConfiguration
    private let provider: RedisEndpointProvider
    private let stopping = AsyncSignal()
    private var isRunning = false
    private(set) var connection: RedisConnection?
    private(set) var state = RedisConnectionState.down(nil)

    /// Called with each new connection, in the turn in which it came up.
    var onUp: (@Loop (RedisConnection) -> Void)?
    /// Called when the connection ended, and with each failed attempt.
    var onDown: (@Loop (RedisError) -> Void)?

    init(_ configuration: RedisConfiguration, _ provider: RedisEndpointProvider?) {
        self.configuration = configuration
        self.provider = provider ?? { configuration.endpoint }
    }

    var isClosed: Bool { stopping.isSet }

    /// Returns after ``close()`` or when the calling task is cancelled.
    func run() async {
        guard !isClosed, !isRunning else { return }
        isRunning = true
        await Loop.reconnect(configuration.backoff, stableAfter: Self.stableAfter, until: stopping) {
            let (error, uptime) = await serve()
            guard !stopping.isSet, !Task.isCancelled else { return .zero }
            state = .down(error)
            onDown?(error)
            return uptime
        }
        stopping.set()
        onDown?(RedisError(.closed))
        (onUp, onDown) = (nil, nil)
    }

    func close() {
        stopping.set()
        connection?.close()
    }

    /// One connection from attempt to end; returns why it ended, and for how long it was up.
    private func serve() async -> (RedisError, uptime: Duration) {
        do {
            let endpoint = try await provider()
            let connection = try await RedisConnection.connect(to: endpoint, configuration)
            guard !stopping.isSet else {
                connection.close()
                return (RedisError(.closed), .zero)
            }
            let start = Loop.now
            self.connection = connection
            state = .up(endpoint)
            onUp?(connection)
            let error = await connection.closed()
            self.connection = nil
            state = .down(error)
            return (error, start.duration(to: Loop.now))
        } catch {
            return (error as? RedisError ?? RedisError(.notConnected, "no endpoint: \(error)"), .zero)
        }
    }
}
