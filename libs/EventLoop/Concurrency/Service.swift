/// A component of a process that starts, runs and drains: a client, a pool, a server, a pipeline.
///
/// A group starts its services in order, runs them at the same time, and drains them in reverse order, so that each
/// finds what it depends on.
@Loop
package protocol Service: Sendable {
    /// Returns when the service can be used. The task is cancelled when the process is told to stop meanwhile; a
    /// service that throws has cleaned up after itself.
    func start() async throws
    /// The service's work, begun after `start` and cancelled after `drain`. Returning earlier, or throwing, ends the
    /// process.
    func run() async throws
    /// Takes no more work and finishes what was begun. The task is cancelled at `deadline`.
    func drain(until deadline: Instant) async
}

extension Service {
    package func start() async throws {}
    package func run() async throws { try await Loop.sleepUntilCancelled() }
    package func drain(until deadline: Instant) async {}
}

extension Loop {
    @Loop package static func sleepUntilCancelled() async throws(CancellationError) {
        _ = await WaiterQueue<Never>().wait(until: nil)
        throw CancellationError()
    }
}
