internal import CLinux
internal import Glibc

/// Options of the socket itself.
extension Transport {
    package var peer: SocketAddress { Socket.peer(descriptor) }
    package var local: SocketAddress { Socket.local(descriptor) }

    /// Closes when what was sent stays unacknowledged, or the peer's window closed, for this long: finds a
    /// half-open connection that is only written to.
    ///
    /// Source: tcp(7), TCP_USER_TIMEOUT.
    package func expectAcknowledgement(within limit: Duration) {
        guard isOpen else { return }
        let milliseconds = Int32(clamping: limit.nanoseconds / 1_000_000)
        Socket.set(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, milliseconds)
    }
}
