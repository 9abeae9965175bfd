internal import CPostgreSQL
internal import Dispatch

/// Owns one `PGcancel`: the request to stop a session's running statement.
@safe final class Cancellation: Sendable {
    /// libpq lets any thread use it (PostgreSQL manual, "Canceling Queries in Progress").
    private nonisolated(unsafe) let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    deinit { unsafe PQfreeCancel(pointer) }

    /// Opens a connection of its own and blocks, so it runs on another thread. It may come too late, or fail;
    /// `statement_timeout` is the second line.
    func send() {
        DispatchQueue.global().async { [self] in
            _ = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                unsafe PQcancel(pointer, buffer.baseAddress, Int32(buffer.count))
            }
        }
    }
}
