internal import EventLoop

/// One connection that speaks HTTP/1.1: reads requests one after another, has each answered before the
/// next, and ends by a time-out, a refusal, or the peer.
@Loop
final class ServerConnection: TransportHandler {
    private enum Phase: UInt8 {
        /// Waits for a head, or has a part of one.
        case head
        case body, handling, streaming, upgraded
        /// The last response is on its way; input is dropped.
        case ended
    }

    let transport: Transport
    let server: Server
    var slot = -1
    var countedAddress: String?

    private var phase = Phase.head
    private var hasPartialHead = false
    private var keepAlive = true
    private var isHead = false
    private var isVersion10 = false
    private var owesContinue = false
    /// Counts requests, so that the answer of a handler that was given up on is known as such.
    private var exchange: UInt32 = 0
    private var parser = RequestParser()
    private var pending: PendingBody?
    private var task: Task<Void, Never>?
    private var stream: ResponseStream?
    private var socket: WebSocket?
    private lazy var timer = Timer { [unowned self] in timerFired() }

    init(_ transport: Transport, _ server: Server) {
        self.transport = transport
        self.server = server
        // What a client leaves unread is bounded here: by one response, and by the stream's limit.
        transport.outputLimit = .max
    }

    private var limits: Server.Configuration { server.configuration }
    var isOpen: Bool { transport.isOpen }

    func start() {
        transport.start(self)
        timer.arm(after: limits.idleTimeout)
    }

    /// Turns the connection away.
    func reject() {
        transport.start(self)
        keepAlive = false
        send(Response(problem: .serviceUnavailable, headers: ["Retry-After": "1"]))
        end()
    }

    // MARK: Input

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        var used = 0
        do throws(Refusal) {
            reading: while used < bytes.count {
                switch phase {
                case .head:
                    guard hasRoomForResponse() else { break reading }
                    let rest = bytes.span.extracting(used..<bytes.count)
                    guard let head = try parser.next(rest, limits: limits.head) else {
                        headIsPartial()
                        break reading
                    }
                    hasPartialHead = false
                    used += head.length
                    used += try begin(head, bytes.span.extracting(used..<bytes.count))
                case .body:
                    used += try readBody(bytes.span.extracting(used..<bytes.count))
                case .handling, .streaming:
                    transport.pauseReading()
                    break reading
                case .upgraded:
                    guard let socket else { return bytes.count }
                    self.socket = nil
                    return used + socket.received(rest: used, of: &bytes, from: transport)
                case .ended: return bytes.count
                }
            }
            if owesContinue, phase == .body {
                owesContinue = false
                transport.write("HTTP/1.1 100 Continue\r\n\r\n")
            }
            return used
        } catch {
            refuse(error.status)
            return bytes.count
        }
    }

    /// A peer that asks without reading waits until it has read.
    private func hasRoomForResponse() -> Bool {
        guard transport.pendingOutput > limits.outputHighWater else { return true }
        transport.pauseReading()
        // What this turn produced is written before the rest is handed on again.
        if !transport.isBlocked { transport.resumeReading() }
        return false
    }

    private func headIsPartial() {
        guard !hasPartialHead else { return }
        hasPartialHead = true
        timer.arm(after: limits.headTimeout)
    }

    /// - Returns: how many of the bytes after the head were used.
    private func begin(_ head: RequestHead, _ rest: Span<UInt8>) throws(Refusal) -> Int {
        server.countRequest()
        keepAlive = head.keepAlive
        isHead = head.method == .head
        isVersion10 = head.isVersion10
        var request = Request(head, connection: self)
        let match = server.router.match(&request)
        let limit = match.bodyLimit ?? limits.bodyLimit
        switch head.framing {
        case .none, .length(0), .untilClose: break
        case .length(let length):
            guard length <= limit else { throw Refusal(.contentTooLarge, "body too large") }
            if rest.count >= length {
                request.body = [UInt8](copying: rest.extracting(first: length))
                dispatch(request, match.handler)
                return length
            }
            fallthrough
        case .chunked:
            if head.expectsContinue, !match.isRoute {
                keepAlive = false
                break
            }
            pending = PendingBody(request, match.handler, head.framing, limit: limit)
            owesContinue = head.expectsContinue && rest.count == 0
            phase = .body
            timer.arm(after: limits.bodyTimeout)
            return 0
        }
        dispatch(request, match.handler)
        return 0
    }

    private func readBody(_ bytes: Span<UInt8>) throws(Refusal) -> Int {
        guard let pending else { return bytes.count }
        owesContinue = false
        let used = try pending.feed(bytes)
        if pending.isComplete {
            self.pending = nil
            dispatch(pending.request, pending.handler)
        }
        return used
    }

    func inputEnded(_ transport: Transport) {
        switch phase {
        case .head: end()
        case .handling:
            keepAlive = false
            task?.cancel()
        case .body, .streaming, .upgraded: transport.close()
        case .ended: break
        }
    }

    // MARK: Handling

    private func dispatch(_ request: Request, _ handler: @escaping Handler) {
        phase = .handling
        let number = exchange
        let task = Task.immediate { @Loop [self] in
            let response = await handler(request)
            respond(response, to: request, number)
        }
        guard phase == .handling, exchange == number else { return }
        self.task = task
        timer.arm(after: limits.handlerTimeout)
    }

    private func respond(_ response: Response, to request: Request, _ number: UInt32) {
        guard number == exchange, phase == .handling, isOpen else { return }
        task = nil
        switch response.body {
        case .bytes:
            send(response)
            endExchange()
        case .stream(let start): begin(response, start)
        case .webSocket(let handler, let subprotocol, let configuration):
            if let fault = Handshake.fault(in: request) { return respond(fault, to: request, number) }
            upgrade(request, response, handler, subprotocol, configuration)
        }
    }

    private func send(_ response: Response) {
        guard case .bytes(let body) = response.body else { return }
        let hasContent = !response.status.forbidsContent
        transport.withOutput { out in
            writeHead(response, hasContent ? .length(body.count) : .unstated, &out)
            if hasContent, !isHead { out.append(contentsOf: body) }
        }
    }

    private func writeHead(_ response: Response, _ framing: MessageEncoder.Framing, _ out: inout [UInt8]) {
        if server.isDraining { keepAlive = false }
        MessageEncoder.appendResponseHead(
            response.status, response.headers, date: server.date.field, defaults: limits.defaultHeaders,
            framing: framing, connection: !keepAlive ? .close : isVersion10 ? .keepAlive : .unstated, to: &out
        )
    }

    private func endExchange() {
        exchange &+= 1
        guard keepAlive, !server.isDraining else { return end() }
        phase = .head
        timer.arm(after: limits.idleTimeout)
        transport.resumeReading()
    }

    private func end() {
        guard phase != .ended else { return }
        phase = .ended
        exchange &+= 1
        pending = nil
        timer.cancel()
        transport.closeAfterFlush(within: limits.lingerTimeout)
        transport.resumeReading()
    }

    private func refuse(_ status: Status) {
        server.countRefusal()
        keepAlive = false
        if phase == .head { isHead = false }
        send(Response(problem: status))
        end()
    }

    // MARK: Streams and WebSockets

    private func begin(_ response: Response, _ start: @Loop (ResponseStream) -> Void) {
        if isVersion10 { keepAlive = false }
        transport.withOutput { writeHead(response, isVersion10 ? .unstated : .chunked, &$0) }
        guard !isHead, !response.status.forbidsContent else { return endExchange() }
        phase = .streaming
        timer.cancel()
        let stream = ResponseStream(self, isChunked: !isVersion10, limit: limits.streamLimit)
        self.stream = stream
        start(stream)
    }

    func streamEnded() {
        guard phase == .streaming else { return }
        stream = nil
        endExchange()
    }

    /// The reader of a stream has stopped reading.
    func streamIsBlocked() {
        if !timer.isArmed { timer.arm(after: limits.idleTimeout) }
    }

    private func upgrade(
        _ request: Request, _ response: Response, _ handler: any WebSocketHandler, _ subprotocol: String?,
        _ configuration: WebSocket.Configuration
    ) {
        let accept = Handshake.accept(for: request.headers["Sec-WebSocket-Key"] ?? "")
        transport.withOutput { out in
            out.append(
                ascii: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
            out.append(ascii: "Sec-WebSocket-Accept: \(accept)\r\n")
            if let subprotocol { out.append(ascii: "Sec-WebSocket-Protocol: \(subprotocol)\r\n") }
            out.append(contentsOf: response.headers.bytes)
            out.append(ascii: "\r\n")
        }
        let socket = WebSocket(
            transport, role: .server, handler: handler, subprotocol: subprotocol, configuration)
        phase = .upgraded
        exchange &+= 1
        timer.cancel()
        server.replace(self, by: socket)
        self.socket = socket
        socket.start()
        transport.resumeReading()
        if server.isDraining { socket.drain() }
    }

    // MARK: Ends

    func drain() {
        switch phase {
        case .head: if !hasPartialHead { end() }
        case .streaming: stream?.serverDrains()
        case .body, .handling, .upgraded, .ended: break
        }
    }

    private func timerFired() {
        switch phase {
        case .head: hasPartialHead ? refuse(.requestTimeout) : end()
        case .body: refuse(.requestTimeout)
        case .handling:
            task?.cancel()
            task = nil
            refuse(.serviceUnavailable)
        case .streaming: transport.close()
        case .upgraded, .ended: break
        }
    }

    func drained(_ transport: Transport) {
        switch phase {
        case .streaming:
            timer.cancel()
            stream?.drained()
        case .head: transport.resumeReading()
        default: break
        }
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        phase = .ended
        exchange &+= 1
        timer.cancel()
        task?.cancel()
        task = nil
        pending = nil
        server.remove(self)
        let stream = stream
        self.stream = nil
        stream?.connectionClosed()
    }

    /// See ``Request/clientAddress``.
    func clientAddress(of request: Request) -> String {
        let peer = transport.peer
        if limits.trustsLoopbackProxy, peer.isLoopback,
            let forwarded = request.headers.values("X-Forwarded-For").last,
            let last = forwarded.split(separator: ",").last?.trimmingSpaces, !last.isEmpty
        {
            return String(last)
        }
        return peer.host
    }
}
