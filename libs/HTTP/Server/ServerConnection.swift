internal import EventLoop
internal import Glibc

/// One connection that speaks HTTP/1.1: reads requests one after another, has each answered before the
/// next, and ends by a time-out, a refusal, or the peer.
@Loop
final class ServerConnection: TransportHandler {
    enum Phase: UInt8 {
        /// Waits for a head, or has a part of one.
        case head
        case body, handling, streaming, upgraded
        /// The last response is on its way; input is dropped.
        case ended
    }

    let transport: Transport
    let server: HTTPServer
    var slot = -1
    var countedAddress: String?

    var phase = Phase.head
    private var hasPartialHead = false
    var keepAlive = true
    var isHead = false
    var isVersion10 = false
    private var needsContinue = false
    /// Counts requests, so that the answer of a handler that was given up on is known as such.
    var exchange: UInt32 = 0
    private var parser = HTTPRequestParser()
    private var pending: PendingBody?
    var task: Task<Void, Never>?
    var stream: HTTPResponseStream?
    var socket: WebSocket?
    lazy var timer = Timer { [unowned self] in timerFired() }

    init(_ transport: Transport, _ server: HTTPServer) {
        self.transport = transport
        self.server = server
        // What a client leaves unread is bounded here: by one response, and by the stream's limit.
        transport.outputLimit = .max
    }

    var limits: HTTPServer.Configuration { server.configuration }
    var isOpen: Bool { transport.isOpen }

    func start() {
        transport.start(self)
        timer.arm(at: server.idleDeadline)
    }

    /// Turns the connection away.
    func reject() {
        transport.start(self)
        keepAlive = false
        send(HTTPResponse(problem: .serviceUnavailable, headers: ["Retry-After": "1"]))
        end(within: limits.lingerTimeout)
    }

    // MARK: Input

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        var used = 0
        do throws(HTTPParseError) {
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
            if needsContinue, phase == .body {
                needsContinue = false
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
    private func begin(_ head: HTTPRequestHead, _ rest: Span<UInt8>) throws(HTTPParseError) -> Int {
        server.countRequest()
        keepAlive = head.keepAlive
        isHead = head.method == .head
        isVersion10 = head.isVersion10
        let match = server.router.match(head)
        let limit = match.route.bodyLimit ?? limits.bodyLimit
        switch head.framing {
        case .none, .length(0), .untilClose: break
        case .length(let length):
            guard length <= limit else { throw HTTPParseError(.contentTooLarge, "body too large") }
            if rest.count >= length {
                dispatch(head, match, [UInt8](copying: rest.extracting(first: length)))
                return length
            }
            fallthrough
        case .chunked:
            if head.expectsContinue, match.route.isRefusal {
                keepAlive = false
                break
            }
            pending = PendingBody(head, match, limit: limit)
            needsContinue = head.expectsContinue && rest.count == 0
            phase = .body
            timer.arm(after: limits.bodyTimeout)
            return 0
        }
        dispatch(head, match, [])
        return 0
    }

    private func readBody(_ bytes: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard let pending else { return bytes.count }
        needsContinue = false
        let used = try pending.feed(bytes)
        if pending.isComplete {
            self.pending = nil
            dispatch(pending.head, pending.match, pending.body)
        }
        return used
    }

    func inputEnded(_ transport: Transport) {
        switch phase {
        case .head: end(within: limits.idleTimeout)
        case .handling:
            keepAlive = false
            task?.cancel()
        case .streaming:
            stream?.ends(.left)
            transport.close()
        case .body, .upgraded: transport.close()
        case .ended: break
        }
    }

    // MARK: Handling

    private func dispatch(_ head: HTTPRequestHead, _ match: RouteMatch, _ body: [UInt8]) {
        phase = .handling
        let number = exchange
        let request = HTTPRequest(head, match, body: body, connection: self)
        let task = Loop.task { [self] in
            let response = await match.route.handler(request)
            respond(response, to: request, number)
        }
        self.task = task
        timer.arm(after: limits.handlerTimeout)
    }

    func endExchange() {
        exchange &+= 1
        guard keepAlive, !server.isDraining else { return end(within: limits.idleTimeout) }
        phase = .head
        timer.arm(at: server.idleDeadline)
        transport.resumeReading()
    }

    /// The last response is written; the client has `limit` to read it.
    private func end(within limit: Duration) {
        guard phase != .ended else { return }
        phase = .ended
        exchange &+= 1
        pending = nil
        timer.cancel()
        transport.closeAfterFlush(within: limit)
        transport.resumeReading()
    }

    private func refuse(_ status: HTTPStatus) {
        server.countRefusal()
        keepAlive = false
        if phase == .head { isHead = false }
        send(limits.refusal(status))
        end(within: limits.lingerTimeout)
    }

    // MARK: Ends

    func drain() {
        switch phase {
        case .head: if !hasPartialHead { end(within: limits.idleTimeout) }
        case .streaming: stream?.serverDrains()
        case .body, .handling, .upgraded, .ended: break
        }
    }

    private func timerFired() {
        switch phase {
        case .head: hasPartialHead ? refuse(.requestTimeout) : end(within: limits.lingerTimeout)
        case .body: refuse(.requestTimeout)
        case .handling:
            task?.cancel()
            task = nil
            refuse(.serviceUnavailable)
        case .streaming:
            stream?.ends(.tooSlow)
            transport.close()
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
        if case .system(let number)? = error?.code {
            // A client that leaves with something unread resets the connection.
            let hasLeft = number == ECONNRESET || number == EPIPE
            stream?.ends(hasLeft ? .left : transport.isBlocked ? .tooSlow : .lost)
        }
        stream?.connectionClosed()
    }

    /// See ``Request/clientAddress``.
    func clientAddress(of request: HTTPRequest) -> String {
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
