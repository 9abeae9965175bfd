package import EventLoop

/// One WebSocket (RFC 6455), the server's or the client's end.
@Loop
package final class WebSocket: TransportHandler {
    private enum State: UInt8 { case open, closing, finished }

    package let subprotocol: String?
    let transport: Transport
    private let configuration: Configuration
    private let role: WebSocketRole
    private var state = State.open
    private var awaitsPong = false
    private var framesAfterClose: UInt8 = 0
    private static let maxFramesAfterClose: UInt8 = 250
    private var closeCode = WebSocketCloseCode.abnormal
    private var closeReason = ""
    private var decoder: WebSocketFrameDecoder
    private var handler: (any WebSocketHandler)?
    /// The server that counts it, and its index there.
    weak var server: HTTPServer?
    var slot = -1
    var countedAddress: IPAddress?
    // Unowned, since a weak reference would cost every socket an allocation: the timer ends with the socket.
    private lazy var timer = Timer { [unowned self] in timerFired() }

    init(
        _ transport: Transport, role: WebSocketRole, handler: any WebSocketHandler, subprotocol: String?,
        _ configuration: Configuration
    ) {
        self.transport = transport
        self.role = role
        self.handler = handler
        self.subprotocol = subprotocol
        self.configuration = configuration
        decoder = WebSocketFrameDecoder(role: role)
    }

    /// Takes over the connection.
    func start() {
        transport.outputLimit = configuration.outputLimit + (64 << 10)
        transport.start(self)
        timer.arm(after: configuration.pingInterval)
        handler?.opened(self)
    }

    package var isOpen: Bool { state == .open && transport.isOpen }
    /// Bytes sent and not yet accepted by the kernel.
    package var pendingOutput: Int { transport.pendingOutput }
    package var peer: SocketAddress { transport.peer }

    // MARK: Sending

    /// Messages sent after the close are dropped; the handler's `closed` has reported the close.
    package func send(text: String) { send(.text, text.utf8.span) }
    /// - Parameter text: UTF-8; it is not checked.
    package func send(text: Span<UInt8>) { send(.text, text) }
    package func send(binary: Span<UInt8>) { send(.binary, binary) }

    /// Sends a frame that was encoded once for many sockets. Only for servers: clients mask each frame anew.
    package func send(_ frame: WebSocketFrame) {
        precondition(role == .server, "a client masks each frame anew")
        guard hasRoom(for: frame.bytes.count) else { return }
        transport.write(frame.bytes)
    }

    package func ping(_ payload: Span<UInt8>) { send(.ping, payload) }

    private func send(_ opcode: WebSocketOpcode, _ payload: Span<UInt8>) {
        guard hasRoom(for: payload.count) else { return }
        write(opcode, payload)
    }

    private func write(_ opcode: WebSocketOpcode, _ payload: Span<UInt8>) {
        let mask = role == .client ? WebSocketHandshake.makeMask() : nil
        transport.withOutput { WebSocketFrameEncoder.append(opcode, payload, mask: mask, to: &$0) }
    }

    private func hasRoom(for count: Int) -> Bool {
        guard isOpen else { return false }
        guard transport.isBlocked, transport.pendingOutput + count > configuration.outputLimit else {
            return true
        }
        fail(WebSocketError(configuration.overflowCode, "reading too slowly"))
        return false
    }

    /// Keeps messages back until ``release()``, so that those that follow soon are sent with them.
    package func hold() { transport.hold() }
    package func release() { transport.release() }

    // MARK: Closing

    /// Starts the closing handshake. `code` must be one that may be sent; `reason` is cut to 123 bytes.
    package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        guard state == .open else { return }
        precondition(code.isSendable, "close code \(code) is never sent")
        state = .closing
        note(code, reason)
        write(.close, WebSocketFrameEncoder.closePayload(code, reason).span)
        release()
        timer.arm(after: configuration.closeTimeout)
    }

    /// Closes without waiting for the peer's close frame.
    private func fail(_ failure: WebSocketError) {
        if state == .open {
            note(failure.code, failure.reason)
            write(.close, WebSocketFrameEncoder.closePayload(failure.code, failure.reason).span)
        }
        finish()
    }

    private func finish(within limit: Duration? = nil) {
        state = .finished
        timer.cancel()
        transport.closeAfterFlush(within: limit ?? configuration.closeTimeout)
    }

    private func note(_ code: WebSocketCloseCode, _ reason: String) {
        closeCode = code
        closeReason = reason
    }

    private func peerClosed(_ code: WebSocketCloseCode, _ reason: String) {
        if state == .open {
            note(code, reason)
            write(.close, WebSocketFrameEncoder.closePayload(code, "").span)
        }
        finish()
    }

    /// The server stops.
    func drain() { handler?.draining(self) }

    // MARK: Transport events

    package func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        guard state != .finished else { return bytes.count }
        if state == .open {
            awaitsPong = false
            timer.arm(at: Instant(nanoseconds: Loop.now.nanoseconds + configuration.pingNanoseconds))
        }
        var offset = 0
        var pings: [WebSocketFrameDecoder.Payload] = []
        do throws(WebSocketError) {
            while let frame = try decoder.next(&bytes, at: &offset, limit: configuration.maxMessage) {
                guard accepts(frame) else {
                    abandon()
                    return bytes.count
                }
                if case .ping(let payload) = frame {
                    pings.append(payload)
                    continue
                }
                answer(&pings, bytes.span)
                handle(frame, bytes.span)
                if state == .finished { return bytes.count }
            }
            answer(&pings, bytes.span)
            transport.heldByHandler = decoder.bufferedCount
            if transport.isOverBudget, decoder.bufferedCount > BufferBudget.share {
                fail(WebSocketError(.tryAgainLater, "overloaded"))
                return bytes.count
            }
            return offset
        } catch {
            fail(error)
            return bytes.count
        }
    }

    /// A peer that was told of the close has a few frames more.
    private func accepts(_ frame: WebSocketFrameDecoder.Frame) -> Bool {
        if case .close = frame { return true }
        if state == .open { return handler?.acceptsFrame(on: self) ?? true }
        framesAfterClose += 1
        return framesAfterClose < Self.maxFramesAfterClose
    }

    /// Reads no more of a peer that sends too much.
    private func abandon() {
        finish(within: .seconds(1))
        transport.pauseReading()
    }

    /// Of many pings in a row the last one stands for those before it (RFC 6455, 5.5.3).
    private func answer(_ pings: inout [WebSocketFrameDecoder.Payload], _ bytes: Span<UInt8>) {
        if pings.isEmpty { return }
        for ping in pings.suffix(pings.count > Self.answeredPings ? 1 : pings.count) {
            switch ping {
            case .inPlace(let range): send(.pong, bytes.extracting(range))
            case .assembled(let message): send(.pong, message.span)
            }
        }
        pings = []
    }

    private static let answeredPings = 10

    /// The bytes that arrived together with the handshake.
    func received(rest start: Int, of bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        let end = bytes.count
        guard start < end else { return 0 }
        var rest = bytes._mutatingExtracting(start..<end)
        return received(&rest, from: transport)
    }

    private func handle(_ event: WebSocketFrameDecoder.Frame, _ bytes: Span<UInt8>) {
        switch event {
        case .close(let code, let reason): peerClosed(code, reason)
        case .text(let payload):
            guard state == .open else { return }
            switch payload {
            case .inPlace(let range): handler?.received(text: bytes.extracting(range), on: self)
            case .assembled(let message): handler?.received(text: message.span, on: self)
            }
        case .binary(let payload):
            guard state == .open else { return }
            switch payload {
            case .inPlace(let range): handler?.received(binary: bytes.extracting(range), on: self)
            case .assembled(let message): handler?.received(binary: message.span, on: self)
            }
        case .ping, .pong, .fragment: break
        }
    }

    private func timerFired() {
        if state == .closing || awaitsPong { return transport.close() }
        awaitsPong = true
        write(.ping, [UInt8]().span)
        timer.arm(after: configuration.pongTimeout)
    }

    package func inputEnded(_ transport: Transport) {
        // The rest of the close frame is still written.
        if state != .finished { transport.close() }
    }

    package func drained(_ transport: Transport) {
        if state == .open { handler?.drained(self) }
    }

    package func closed(_ transport: Transport, _ error: TransportError?) {
        state = .finished
        timer.cancel()
        if error?.code == .slowPeer { note(configuration.overflowCode, "reading too slowly") }
        server?.remove(self)
        let handler = handler
        self.handler = nil
        handler?.closed(self, closeCode, reason: closeReason)
    }
}
