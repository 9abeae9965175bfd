package import EventLoop

/// An application's handler of one WebSocket. The socket keeps it alive until it is closed.
@Loop
package protocol WebSocketHandler: AnyObject, Sendable {
    /// The handshake is done; the socket may be written to.
    func opened(_ socket: WebSocket)
    /// A frame has arrived, of any kind: a message, a part of one, a ping. False ends the connection: what the peer sends
    /// then is not read.
    func acceptsFrame(on socket: WebSocket) -> Bool
    /// One text message, valid UTF-8. The bytes are valid during the call only.
    func received(text: Span<UInt8>, on socket: WebSocket)
    /// One binary message; the default closes with 1003.
    func received(binary: Span<UInt8>, on socket: WebSocket)
    /// All pending output is written, after some of it had to wait.
    func drained(_ socket: WebSocket)
    /// The server is about to stop: close now or, paced, a little later. The default closes with 1001.
    func draining(_ socket: WebSocket)
    /// The socket is closed; called once. The code is that of the side that closed first, or 1006.
    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String)
}

extension WebSocketHandler {
    package func opened(_ socket: WebSocket) {}
    package func acceptsFrame(on socket: WebSocket) -> Bool { true }
    package func received(binary: Span<UInt8>, on socket: WebSocket) {
        socket.close(.unsupportedData, reason: "text only")
    }
    package func drained(_ socket: WebSocket) {}
    package func draining(_ socket: WebSocket) { socket.close(.goingAway) }
    package func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) {}
}
