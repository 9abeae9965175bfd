/// The protocol on top of a ``Transport``. The transport keeps its handler alive until it is closed.
@Loop
package protocol TransportHandler: AnyObject {
    /// Bytes in order of arrival. Returns how many were consumed; the rest is delivered again, before the bytes that
    /// arrive next (or when reading is resumed). The bytes may be changed in place.
    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int

    /// The peer sends no more; it may still read. The default closes the transport.
    func inputEnded(_ transport: Transport)

    /// All pending output is written, after some of it had to wait.
    func drained(_ transport: Transport)

    /// The transport is closed. Called once, never within another call. `error` is nil when the peer closed
    /// cleanly or the handler closed the transport.
    func closed(_ transport: Transport, _ error: TransportError?)
}

extension TransportHandler {
    package func inputEnded(_ transport: Transport) { transport.close() }
    package func drained(_ transport: Transport) {}
}
