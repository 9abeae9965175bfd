package import EventLoop

/// Why a stream ended before it was finished.
package enum HTTPStreamEnd: Sendable {
    /// The client closed the connection, as it does to leave a stream of events.
    case left
    /// The connection broke, or the server ended it.
    case lost
    /// The client read too slowly and was disconnected.
    case tooSlow
}

/// The body of a response that is written piece by piece.
///
/// Pieces written in one turn of the loop are sent by one system call. A slow client is disconnected when
/// `streamLimit` bytes wait for it, or when it has not caught up within the server's `idleTimeout`.
@Loop
package final class HTTPResponseStream {
    private weak var connection: ServerConnection?
    private let isChunked: Bool
    private let limit: Int
    private var waiters: [LoopContinuation<Void>] = []

    package private(set) var isOpen = true
    private var ending = HTTPStreamEnd.lost
    /// The client or the server ended the connection before ``finish()``.
    package var onClosed: (@Loop (HTTPStreamEnd) -> Void)?
    /// The server is about to stop; the stream is finished unless this is set.
    package var onDraining: (@Loop () -> Void)?

    init(_ connection: ServerConnection, isChunked: Bool, limit: Int) {
        self.connection = connection
        self.isChunked = isChunked
        self.limit = limit
    }

    /// Ends the stream when what was written stays unacknowledged for this long.
    package func expectAcknowledgement(within limit: Duration) {
        connection?.transport.expectAcknowledgement(within: limit)
    }

    /// Keeps output back until ``release()``, so that what follows soon is sent with it.
    package func hold() { connection?.transport.hold() }
    package func release() { connection?.transport.release() }

    /// Bytes written and not yet accepted by the kernel.
    package var pendingOutput: Int { connection?.transport.pendingOutput ?? 0 }

    /// - Returns: false when the stream is over.
    @discardableResult
    package func write(_ bytes: Span<UInt8>) -> Bool {
        guard isOpen, let connection else { return false }
        let transport = connection.transport
        if transport.isBlocked {
            guard transport.pendingOutput + bytes.count <= limit else {
                ending = .tooSlow
                transport.close()
                return false
            }
            connection.streamIsBlocked()
        }
        transport.withOutput { out in
            if isChunked { MessageEncoder.appendChunk(bytes, to: &out) } else { out.append(bytes) }
        }
        return true
    }

    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool { write(bytes.span) }
    @discardableResult
    package func write(_ text: String) -> Bool { write(text.utf8.span) }

    /// Waits until the client has read what was written before; returns at once when nothing waits or the
    /// stream is over.
    package func drain() async {
        guard isOpen, pendingOutput > 0 else { return }
        // This turn's output is written at its end.
        try? await Loop.sleep(for: .zero)
        guard isOpen, let connection, connection.transport.isBlocked else { return }
        await Loop.suspend(orCancelled: ()) { waiters.append($0) }
    }

    /// Ends the body. Idempotent.
    package func finish() {
        guard isOpen, let connection else { return }
        isOpen = false
        freeWaiters()
        connection.transport.release()
        if isChunked { connection.transport.withOutput { MessageEncoder.appendLastChunk(to: &$0) } }
        connection.streamEnded()
    }

    func drained() { freeWaiters() }

    /// The connection is about to close, for this reason.
    func ends(_ ending: HTTPStreamEnd) { self.ending = ending }

    func serverDrains() {
        if let onDraining { onDraining() } else { finish() }
    }

    func connectionClosed() {
        guard isOpen else { return }
        isOpen = false
        freeWaiters()
        onClosed?(ending)
        onClosed = nil
        onDraining = nil
    }

    private func freeWaiters() {
        let released = waiters
        waiters = []
        for waiter in released { waiter.resume() }
    }
}
