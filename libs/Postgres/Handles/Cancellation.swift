internal import CPostgreSQL
internal import Glibc

/// Owns one `PGcancel`: the request to cancel a session's running statement.
@safe final class Cancellation: Sendable {
    /// libpq lets any thread use it (PostgreSQL manual, "Canceling Queries in Progress").
    private nonisolated(unsafe) let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    deinit { unsafe PQfreeCancel(pointer) }

    /// Sends the request on a thread of its own, since libpq opens a blocking connection for it. It may
    /// arrive too late, or fail; then the server's `statement_timeout` applies.
    func send() {
        let box = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { box in
                guard let box = unsafe box else { return nil }
                let cancellation = unsafe Unmanaged<Cancellation>.fromOpaque(box).takeRetainedValue()
                _ = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
                    unsafe PQcancel(cancellation.pointer, message.baseAddress, Int32(message.count))
                }
                return nil
            }, box.toOpaque())
        if code == 0 { pthread_detach(thread) } else { unsafe box.release() }
    }
}
