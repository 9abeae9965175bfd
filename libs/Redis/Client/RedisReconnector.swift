package import EventLoop

/// Returns the server to connect to, called before each attempt: a constant, or Sentinel's primary.
package typealias RedisEndpointProvider = @Loop () async throws -> Endpoint

/// The state of a long-lived connection, for readiness.
package enum RedisConnectionState: Sendable, Equatable {
    /// Not connected; with the last failure, if any.
    case down(RedisError?)
    case up(Endpoint)

    package var isUp: Bool {
        if case .up = self { true } else { false }
    }

    /// Why there is no connection.
    package var problem: RedisProblem? {
        guard case .down(let error) = self else { return nil }
        return RedisProblem(error)
    }
}

/// Why a server cannot be used.
package struct RedisProblem: Sendable, Equatable {
    /// For readiness: `unreachable`, `authentication`, `tls`, `readonly`, `loading`, `oom`, `misconf`, `noreplicas`, …; `error`
    /// for a script's.
    package let word: String
    package let error: RedisError?

    init(_ word: String, _ error: RedisError?) {
        self.word = word
        self.error = error
    }

    /// Of a connection that could not be opened or has ended.
    init(_ error: RedisError?) {
        let word =
            switch error?.code {
            case .authentication: "authentication"
            case .tls: "tls"
            case .server: error?.refusal?.word ?? "refused"
            case .protocolViolation, .unexpectedReply: "protocol"
            default: "unreachable"
            }
        self.init(word, error)
    }
}

/// Maintains one connection: connects, waits for its end, and reconnects after a growing delay.
@Loop
final class RedisReconnector {
    /// A connection that lasted this long resets the backoff.
    private static let stableAfter = Duration.seconds(1)

    private let configuration: RedisConfiguration
    private let provider: RedisEndpointProvider
    private let stopping = AsyncSignal()
    private var isRunning = false
    private(set) var connection: RedisConnection?
    private(set) var state = RedisConnectionState.down(nil)

    /// Called with each new connection, in the loop iteration that opened it.
    var onUp: (@Loop (RedisConnection) -> Void)?
    /// Called when the connection ends, and after each failed attempt.
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

    /// Another server is the primary now.
    func leave(unless primary: Endpoint) {
        guard case .up(let endpoint) = state, endpoint != primary else { return }
        connection?.close(because: .readOnly)
    }

    /// Serves one connection from attempt to end; returns why it ended and how long it was open.
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
