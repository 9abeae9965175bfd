/// The protocol on top of a ``Transport``. The transport keeps its handler alive until it is closed.
@Loop
package protocol TransportHandler: AnyObject {
    /// Bytes in order of arrival. Returns how many were used; the rest comes again, at the front, with what
    /// arrives next (or when reading is resumed). The bytes may be changed in place.
    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int

    /// The peer will send no more; it may still read. Closes the transport unless the handler says otherwise.
    func inputEnded(_ transport: Transport)

    /// All pending output went out, after some of it had to wait.
    func drained(_ transport: Transport)

    /// The end, told once and never in the middle of another call. `error` is nil when the peer ended
    /// cleanly or the handler closed it.
    func closed(_ transport: Transport, _ error: TransportError?)
}

extension TransportHandler {
    package func inputEnded(_ transport: Transport) { transport.close() }
    package func drained(_ transport: Transport) {}
}
