import EventLoop

/// A service made of closures.
struct TestService: Service {
    private let onStart: @Loop () async throws -> Void
    private let onRun: (@Loop () async throws -> Void)?
    private let onDrain: @Loop (Instant) async -> Void

    init(
        start: @escaping @Loop () async throws -> Void = {}, run: (@Loop () async throws -> Void)? = nil,
        drain: @escaping @Loop (Instant) async -> Void = { _ in }
    ) {
        onStart = start
        onRun = run
        onDrain = drain
    }

    func start() async throws { try await onStart() }
    func run() async throws { if let onRun { try await onRun() } else { try await Loop.sleepUntilCancelled() } }
    func drain(until deadline: Instant) async { await onDrain(deadline) }
}
