package import EventLoop

/// What an application does with one WebSocket. Kept alive by the socket until it is closed.
@Loop
package protocol WebSocketHandler: AnyObject, Sendable {
    /// The handshake is done; the socket may be written to.
    func opened(_ socket: WebSocket)
    /// One whole text message, valid UTF-8. The bytes are gone when the call returns.
    func received(text: Span<UInt8>, on socket: WebSocket)
    /// One whole binary message; closes with 1003 unless the handler takes it.
    func received(binary: Span<UInt8>, on socket: WebSocket)
    /// All pending output went out, after some of it had to wait.
    func drained(_ socket: WebSocket)
    /// The server is about to stop: close now or, paced, a little later. Closes with 1001 unless the handler
    /// says otherwise.
    func draining(_ socket: WebSocket)
    /// The end, told once. The code is the peer's, or ours when we closed first, or 1006.
    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String)
}

extension WebSocketHandler {
    package func opened(_ socket: WebSocket) {}
    package func received(binary: Span<UInt8>, on socket: WebSocket) {
        socket.close(.unsupportedData, reason: "text only")
    }
    package func drained(_ socket: WebSocket) {}
    package func draining(_ socket: WebSocket) { socket.close(.goingAway) }
    package func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) {}
}
