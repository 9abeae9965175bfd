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

/// Keeps one connection alive: connects, waits for its end, and connects again after a growing delay.
@Loop
final class RedisReconnector {
    /// A connection that lived this long proves the server sound: the next delay starts small again.
    private static let stableAfter = Duration.seconds(1)

    private let configuration: RedisConfiguration
    private let provider: RedisEndpointProvider
    private var task: Task<Void, Never>?
    private(set) var isClosed = false
    private(set) var connection: RedisConnection?
    private(set) var state = RedisConnectionState.down(nil)

    /// Called with each fresh connection, in the turn in which it came up.
    var onUp: (@Loop (RedisConnection) -> Void)?
    /// Called when the connection ended, and with each failed attempt.
    var onDown: (@Loop (RedisError) -> Void)?

    init(_ configuration: RedisConfiguration, _ provider: RedisEndpointProvider?) {
        self.configuration = configuration
        self.provider = provider ?? { configuration.endpoint }
    }

    /// Returns after ``close()`` or when the calling task is cancelled.
    func run() async {
        guard !isClosed, task == nil else { return }
        let task = Loop.task { await self.keepConnected() }
        self.task = task
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        isClosed = true
        onDown?(RedisError(.closed))
        (onUp, onDown) = (nil, nil)
    }

    func close() {
        isClosed = true
        task?.cancel()
    }

    private func keepConnected() async {
        var backoff = configuration.backoff
        while !Task.isCancelled {
            let error = await connectOnce(&backoff)
            if Task.isCancelled { return }
            state = .down(error)
            onDown?(error)
            do { try await Loop.sleep(for: backoff.next()) } catch { return }
        }
    }

    /// One connection from attempt to end; returns why it ended.
    private func connectOnce(_ backoff: inout Backoff) async -> RedisError {
        do {
            let endpoint = try await provider()
            let connection = try await RedisConnection.connect(to: endpoint, configuration)
            let start = Loop.now
            self.connection = connection
            state = .up(endpoint)
            onUp?(connection)
            let error = await connection.closed()
            self.connection = nil
            state = .down(error)
            if start.duration(to: Loop.now) >= Self.stableAfter { backoff.reset() }
            return error
        } catch {
            return error as? RedisError ?? RedisError(.notConnected, "no endpoint: \(error)")
        }
    }
}
