internal import CLinux
internal import Glibc

/// A listening TCP socket that hands each connection to `accept` as a ``Transport``, to be started in the same call.
@Loop
package final class Listener: DescriptorHandler {
    /// Connections accepted in one turn; the others wait in the kernel while those are served.
    private static let acceptsPerTurn = 64
    /// How long to leave new connections to the kernel's queue when descriptors or memory ran out.
    private static let exhaustionPause = Duration.milliseconds(100)

    private let descriptor: Int32
    private let tls: TLSServer?
    private let accept: @Loop (Transport) -> Void
    private var registration: Registration?
    /// Given up for a moment when there are no descriptors left, to accept a connection and close it: its client learns at
    /// once that it has to go elsewhere.
    private var reserve = Socket.reserve()
    private lazy var resume = Timer { [weak self] in self?.registration?.update(.readable) }
    /// Connections that could not be accepted, for lack of descriptors or TLS set-up.
    package private(set) var failures = 0
    /// Called when descriptors or memory have run out, for each connection that is closed for that.
    package var onExhausted: @Loop () -> Void = {}

    /// Port 0 chooses a free one: see ``port``. The host must be numeric.
    package init(
        _ endpoint: Endpoint, tls: TLSServer? = nil, backlog: Int32 = 4096,
        accept: @escaping @Loop (Transport) -> Void
    ) async throws(TransportError) {
        let address = try await Loop.resolve(endpoint)[0]
        descriptor = try Socket.listen(on: address, backlog: backlog)
        self.tls = tls
        self.accept = accept
        registration = try Loop.register(descriptor, self, interest: .readable)
    }

    package var port: UInt16 { Socket.local(descriptor).port }

    /// Stops listening; accepted connections stay open. Idempotent.
    package func close() {
        guard let registration else { return }
        resume.cancel()
        registration.cancel()
        self.registration = nil
        Glibc.close(descriptor)
        if reserve >= 0 { Glibc.close(reserve) }
        reserve = -1
    }

    package func descriptorReady(_ readiness: Readiness) {
        for _ in 0..<Self.acceptsPerTurn where registration != nil {
            do {
                guard let socket = try Socket.accept(descriptor) else { return }
                accept(
                    try Transport(descriptor: socket, tls: try session(for: socket), isStartedAtOnce: true))
            } catch {
                failures += 1
                guard case .system(let code) = error.code, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
                else {
                    continue
                }
                onExhausted()
                guard closeNext() else {
                    registration?.update([])
                    resume.arm(after: Self.exhaustionPause)
                    return
                }
            }
        }
    }

    /// - Returns: false when not even the reserve helps.
    private func closeNext() -> Bool {
        guard reserve >= 0 else {
            reserve = Socket.reserve()
            return false
        }
        Glibc.close(reserve)
        let next = try? Socket.accept(descriptor)
        if let next { Glibc.close(next) }
        reserve = Socket.reserve()
        return next != nil && reserve >= 0
    }

    private func session(for socket: Int32) throws(TransportError) -> TLSSession? {
        guard let tls else { return nil }
        do { return try tls.makeSession(descriptor: socket) } catch {
            Glibc.close(socket)
            throw error
        }
    }
}
