package import EventLoop

/// A part of a service that is started, perhaps runs, and is drained: a connection, a consumer, the HTTP
/// server.
///
/// Components start in the order of composition and are drained in the reverse one, so that each finds what
/// it stands on.
package struct Component: Sendable {
    package let name: String
    let start: @Loop () async throws -> Void
    let run: (@Loop () async throws -> Void)?
    let drain: @Loop (Instant) async -> Void

    /// - Parameters:
    ///   - start: returns when the component can be used. Its task is cancelled when the service is told to
    ///     stop meanwhile; one that throws has cleaned up after itself.
    ///   - run: the component's own work, begun after `start` and cancelled after `drain`. To return before
    ///     that, or to throw, brings the service down.
    ///   - drain: finishes what was begun. Its task is cancelled at the deadline it is given.
    package init(
        _ name: String, start: @escaping @Loop () async throws -> Void = {},
        run: (@Loop () async throws -> Void)? = nil,
        drain: @escaping @Loop (_ deadline: Instant) async -> Void = { _ in }
    ) {
        self.name = name
        self.start = start
        self.run = run
        self.drain = drain
    }
}
