internal import EventLoop
internal import Glibc

/// One HTTP/1.1 connection: reads requests one after another, has each answered before the next, and ends by a
/// timeout, an error, or the peer.
@Loop
final class ServerConnection: TransportHandler {
    enum Phase {
        /// Waits for a request's head; `isPartial` once some of it has arrived.
        case head(isPartial: Bool)
        /// Reads a request's body; `needsContinue` until its client was told to send it.
        case body(PendingBody, needsContinue: Bool)
        /// A handler answers the exchange of this number.
        case handling(UInt32, Task<Void, Never>)
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
    }

    let transport: Transport
    let server: HTTPServer
    var slot = -1
    var countedAddress: IPAddress?

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
    }

    var limits: HTTPServer.Configuration { server.configuration }
    var isOpen: Bool { transport.isOpen }

    func start() {
        transport.start(self)
        timer.arm(at: server.idleDeadline)
    }

    /// Answers 503 without reading a request.
    func reject() {
        transport.start(self)
        options.keepAlive = false
        send(HTTPResponse(problem: .serviceUnavailable, headers: ["Retry-After": "1"]))
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
                case .handling, .streaming:
                    transport.pauseReading()
                    break reading
                case .upgraded(let socket):
                    guard let socket else { return bytes.count }
                    phase = .upgraded(nil)
                    return used + socket.received(rest: used, of: &bytes, from: transport)
                case .ended: return bytes.count
                }
            }
            if case .body(let pending, needsContinue: true) = phase {
                phase = .body(pending, needsContinue: false)
                transport.write("HTTP/1.1 100 Continue\r\n\r\n")
            }
            return used
        } catch {
            refuse(error.status)
            return bytes.count
        }
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
                options.keepAlive = false
                break
            }
            phase = .body(
                PendingBody(head, match, limit: limit), needsContinue: head.expectsContinue && rest.count == 0
            )
            timer.arm(after: limits.bodyTimeout)
            return 0
        }
        dispatch(head, match, [])
        return 0
    }

    private func read(_ pending: PendingBody, _ bytes: Span<UInt8>) throws(HTTPParseError) -> Int {
        let used = try pending.feed(bytes)
        if pending.isComplete {
            dispatch(pending.head, pending.match, pending.body)
        } else {
            phase = .body(pending, needsContinue: false)
        }
        return used
    }

    func inputEnded(_ transport: Transport) {
        switch phase {
        case .head: end(within: limits.idleTimeout)
        case .handling(_, let task):
            options.keepAlive = false
            task.cancel()
        case .streaming(let stream):
            stream.ends(.left)
            transport.close()
        case .body, .upgraded: transport.close()
        case .ended: break
        }
    }

    // MARK: Handling

    private func dispatch(_ head: HTTPRequestHead, _ match: RouteMatch, _ body: [UInt8]) {
        let number = exchange
        let request = HTTPRequest(head, match, body: body, connection: self)
        let task = Loop.task { [self] in
            let response = await match.route.handler(request)
            respond(response, to: request, number)
        }
        phase = .handling(number, task)
        timer.arm(after: limits.handlerTimeout)
    }

    func endExchange() {
        exchange &+= 1
        guard options.keepAlive, !server.isDraining else { return end(within: limits.idleTimeout) }
        phase = .head(isPartial: false)
        timer.arm(at: server.idleDeadline)
        transport.resumeReading()
    }

    /// Ends after the last response; the client has `limit` to read it.
    private func end(within limit: Duration) {
        if case .ended = phase { return }
        phase = .ended
        exchange &+= 1
        timer.cancel()
        transport.closeAfterFlush(within: limit)
        transport.resumeReading()
    }

    private func refuse(_ status: HTTPStatus) {
        server.countRefusal()
        options.keepAlive = false
        if case .head = phase { options.isHead = false }
        send(limits.refusal(status))
        end(within: limits.lingerTimeout)
    }

    // MARK: Closing

    func drain() {
        switch phase {
        case .head(let isPartial): if !isPartial { end(within: limits.idleTimeout) }
        case .streaming(let stream): stream.serverDrains()
        case .body, .handling, .upgraded, .ended: break
        }
    }

    private func timerFired() {
        switch phase {
        case .head(let isPartial): isPartial ? refuse(.requestTimeout) : end(within: limits.lingerTimeout)
        case .body: refuse(.requestTimeout)
        case .handling(_, let task):
            task.cancel()
            refuse(.serviceUnavailable)
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
        switch phase {
        case .handling(_, let task): task.cancel()
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

    /// See ``HTTPRequest/clientAddress``.
    func clientAddress(of request: HTTPRequest) -> IPAddress {
        let hops = request.headers.values("X-Forwarded-For").joined(separator: ",")
        return limits.client(from: transport.peer.address, through: hops)
    }
}

extension HTTPServer.Configuration {
    func isTrusted(_ address: IPAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }

    /// The rightmost hop that is no trusted proxy; when all are, the leftmost. A hop that is no address ends the search,
    /// since whoever sent it is not known.
    ///
    /// - Parameters:
    ///   - peer: of the connection.
    ///   - hops: the value of `X-Forwarded-For`.
    func client(from peer: IPAddress, through hops: String) -> IPAddress {
        var client = peer
        for hop in hops.split(separator: ",").reversed() {
            guard isTrusted(client), let address = Self.address(hop.trimmingSpaces) else { break }
            client = address
        }
        return client
    }

    /// Some proxies add the port.
    private static func address(_ hop: Substring) -> IPAddress? {
        IPAddress(hop) ?? Endpoint(String(hop)).flatMap { IPAddress($0.host) }
    }
}
