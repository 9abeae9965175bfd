internal import EventLoop
internal import Glibc

/// One HTTP/1.1 connection: reads requests one after another, has each answered before the next, and ends by a
/// timeout, an error, or the peer.
@Loop
final class ServerConnection: TransportHandler {
    enum Phase {
        /// Waits for a request's head; `isPartial` once some of it has arrived.
        case head(isPartial: Bool)
        /// The route decides whether a request's body is read; the exchange has this number.
        case admitting(UInt32, HTTPRequest, Task<Void, Never>)
        /// Reads a request's body; `needsContinue` until its client was told to send it.
        case body(PendingBody, needsContinue: Bool)
        /// A handler answers the exchange of this number.
        /// The task is nil when it is not to be cancelled.
        case handling(UInt32, HTTPRequest, Task<Void, Never>?)
        case streaming(HTTPResponseStream)
        /// The WebSocket takes the connection over with the bytes that follow; nil once it has.
        case upgraded(WebSocket?)
        /// The last response is being written; input is dropped.
        case ended
    }

    /// What the current request requires of its response.
    struct ResponseOptions {
        var keepAlive = true
        var isHead = false
        var isVersion10 = false
        /// Whether the client may still be sending a body that nobody reads.
        var hasUnreadBody = false
    }

    let transport: Transport
    let server: HTTPServer
    var slot = -1
    var countedAddress: IPAddress?
    /// Whether a limit of connections is exceeded: the client is told 503.
    var isRejected = false

    var phase = Phase.head(isPartial: false)
    var options = ResponseOptions()
    /// Counts exchanges, so that the late response of an abandoned handler is recognized.
    var exchange: UInt32 = 0
    private var parser = HTTPRequestParser()
    lazy var timer = Timer { [unowned self] in timerFired() }

    init(_ transport: Transport, _ server: HTTPServer) {
        self.transport = transport
        self.server = server
        // Bounded by one response, and by the stream's limit.
        transport.outputLimit = .max
        transport.budget = server.bufferBudget
    }

    var limits: HTTPServer.Configuration { server.configuration }
    var isOpen: Bool { transport.isOpen }

    func start() {
        transport.start(self)
        timer.arm(after: limits.firstByteTimeout)
    }

    /// Answers 503 without reading a request.
    func reject() {
        transport.start(self)
        options.keepAlive = false
        send(answer(HTTPRefusal(.serviceUnavailable, "too many connections", headers: ["Retry-After": "1"])))
        end(within: limits.lingerTimeout)
    }

    // MARK: Input

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        var used = 0
        do throws(HTTPParseError) {
            reading: while used < bytes.count {
                switch phase {
                case .head(let isPartial):
                    guard hasRoomForResponse() else { break reading }
                    let rest = bytes.span.extracting(used..<bytes.count)
                    guard let head = try parser.next(rest, limits: limits.head) else {
                        if !isPartial { headIsPartial() }
                        break reading
                    }
                    used += head.length
                    used += try begin(head, bytes.span.extracting(used..<bytes.count))
                case .body(let pending, _):
                    used += try read(pending, bytes.span.extracting(used..<bytes.count))
                case .admitting, .handling, .streaming:
                    transport.pauseReading()
                    break reading
                case .upgraded(let socket):
                    guard let socket else { return bytes.count }
                    phase = .upgraded(nil)
                    return used + socket.received(rest: used, of: &bytes, from: transport)
                case .ended: return bytes.count
                }
            }
            guard isWithinBudget(holding: bytes.count - used) else {
                refuse(.serviceUnavailable, "too much is held for all clients")
                return bytes.count
            }
            tellToContinue()
            return used
        } catch {
            refuse(error.status, error.reason)
            return bytes.count
        }
    }

    /// - Parameter rest: bytes that are not consumed yet.
    private func isWithinBudget(holding rest: Int) -> Bool {
        switch phase {
        case .head: rest <= BufferBudget.share || !transport.isOverBudget
        case .body(let pending, _): pending.body.count <= BufferBudget.share || !transport.isOverBudget
        case .admitting, .handling, .streaming, .upgraded, .ended: true
        }
    }

    private func tellToContinue() {
        guard case .body(let pending, needsContinue: true) = phase else { return }
        phase = .body(pending, needsContinue: false)
        transport.write("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Pauses a client that sends requests without reading responses.
    private func hasRoomForResponse() -> Bool {
        guard transport.pendingOutput > limits.outputHighWater else { return true }
        transport.pauseReading()
        // This turn's output is written before the rest is parsed.
        if !transport.isBlocked { transport.resumeReading() }
        return false
    }

    private func headIsPartial() {
        phase = .head(isPartial: true)
        timer.arm(after: limits.headTimeout)
    }

    /// - Returns: how many of the bytes after the head were consumed.
    private func begin(_ head: HTTPRequestHead, _ rest: Span<UInt8>) throws(HTTPParseError) -> Int {
        server.countRequest()
        options = ResponseOptions(
            keepAlive: head.keepAlive, isHead: head.method == .head, isVersion10: head.isVersion10)
        let match = server.router.match(head)
        let limit = match.route.isRefusal ? .max : match.route.bodyLimit ?? limits.bodyLimit
        switch head.framing {
        case .none, .length(0), .untilClose: break
        case .length(let length):
            guard length <= limit else {
                phase = .body(PendingBody(head, match, limit: limit), needsContinue: false)
                throw HTTPParseError(.contentTooLarge, "body too large")
            }
            if rest.count >= length {
                dispatch(head, match, [UInt8](copying: rest.extracting(first: length)))
                return length
            }
            fallthrough
        case .chunked:
            if match.route.isRefusal {
                options.keepAlive = false
                options.hasUnreadBody = true
                break
            }
            let body = PendingBody(head, match, limit: limit)
            let needsContinue = head.expectsContinue && rest.count == 0
            guard let admit = match.route.admit else {
                expect(body, needsContinue)
                return 0
            }
            ask(admit, head, match, body, needsContinue)
            return 0
        }
        dispatch(head, match, [])
        return 0
    }

    /// Has the route refuse the request before its body is read, or not.
    private func ask(
        _ admit: @escaping HTTPAdmission, _ head: HTTPRequestHead, _ match: RouteMatch, _ body: PendingBody,
        _ needsContinue: Bool
    ) {
        let number = exchange
        let request = HTTPRequest(head, match, connection: self)
        let task = Loop.task { [self] in
            let refusal = await admit(request)
            guard case .admitting(number, _, _) = phase, isOpen else { return }
            guard let refusal else {
                expect(body, needsContinue)
                tellToContinue()
                return transport.resumeReading()
            }
            options.keepAlive = false
            send(refusal)
            end(within: limits.lingerTimeout)
        }
        phase = .admitting(number, request, task)
        timer.arm(after: limits.handlerTimeout)
    }

    private func expect(_ body: PendingBody, _ needsContinue: Bool) {
        phase = .body(body, needsContinue: needsContinue)
        timer.arm(after: limits.bodyTimeout)
    }

    private func read(_ pending: PendingBody, _ bytes: Span<UInt8>) throws(HTTPParseError) -> Int {
        let used = try pending.feed(bytes)
        if pending.isComplete {
            dispatch(pending.head, pending.match, pending.body)
        } else {
            phase = .body(pending, needsContinue: false)
            transport.heldByHandler = pending.body.count
        }
        return used
    }

    func inputEnded(_ transport: Transport) {
        switch phase {
        case .head: end(within: limits.idleTimeout)
        case .handling(_, _, let task):
            options.keepAlive = false
            // It has left, or has no more to send and waits for the answer.
            if task != nil { timer.arm(after: limits.lingerTimeout) }
        case .streaming(let stream):
            stream.ends(.left)
            transport.close()
        case .admitting(_, _, let task):
            task.cancel()
            transport.close()
        case .body, .upgraded: transport.close()
        case .ended: break
        }
    }

    // MARK: Handling

    private func dispatch(_ head: HTTPRequestHead, _ match: RouteMatch, _ body: [UInt8]) {
        let number = exchange
        transport.heldByHandler = body.count
        let request = HTTPRequest(head, match, body: body, connection: self)
        let task = Loop.task { [self] in
            let response = await match.route.handler(request)
            respond(response, to: request, number)
        }
        // What changes something and was begun is ended, whether or not the client stays.
        phase = .handling(number, request, head.method.isSafe ? task : nil)
        timer.arm(after: limits.handlerTimeout)
    }

    func endExchange() {
        exchange &+= 1
        transport.heldByHandler = 0
        guard options.keepAlive, !server.isDraining else {
            return end(within: options.hasUnreadBody ? limits.lingerTimeout : limits.idleTimeout)
        }
        phase = .head(isPartial: false)
        timer.arm(at: server.idleDeadline)
        transport.resumeReading()
    }

    /// Ends after the last response; the client has `limit` to read it.
    func end(within limit: Duration) {
        if case .ended = phase { return }
        phase = .ended
        exchange &+= 1
        timer.cancel()
        transport.closeAfterFlush(within: limit)
        transport.resumeReading()
    }

    // MARK: Closing

    /// How long a request that was under way to a draining server may cross its end of the connection.
    private static let drainLinger = Duration.seconds(1)

    func drain() {
        switch phase {
        case .head(let isPartial): if !isPartial { end(within: Self.drainLinger) }
        case .streaming(let stream): stream.serverDrains()
        case .admitting, .body, .handling, .upgraded, .ended: break
        }
    }

    private func timerFired() {
        switch phase {
        case .head(let isPartial):
            isPartial
                ? refuse(.requestTimeout, "the head did not arrive in time")
                : end(within: limits.lingerTimeout)
        case .body: refuse(.requestTimeout, "the body did not arrive in time")
        case .admitting(_, _, let task):
            task.cancel()
            refuse(.serviceUnavailable, "no answer in time")
        case .handling(_, _, let task):
            task?.cancel()
            refuse(.serviceUnavailable, "no answer in time")
        case .streaming(let stream):
            stream.ends(.tooSlow)
            transport.close()
        case .upgraded, .ended: break
        }
    }

    func drained(_ transport: Transport) {
        switch phase {
        case .streaming(let stream):
            timer.cancel()
            stream.drained()
        case .head: transport.resumeReading()
        default: break
        }
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        let phase = phase
        self.phase = .ended
        exchange &+= 1
        timer.cancel()
        server.remove(self)
        if isRejected { server.rejectionEnded() }
        switch phase {
        case .admitting(_, _, let task): task.cancel()
        case .handling(_, _, let task): task?.cancel()
        case .streaming(let stream):
            if case .system(let number)? = error?.code {
                // A client that closes with unread output resets the connection.
                let hasLeft = number == ECONNRESET || number == EPIPE
                stream.ends(hasLeft ? .left : transport.isBlocked ? .tooSlow : .lost)
            }
            stream.connectionClosed()
        default: break
        }
    }
}
