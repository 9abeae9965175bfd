internal import EventLoop

/// One connection of a client: sends a request, reads its response, one at a time.
@Loop
final class HTTPClientConnection: TransportHandler {
    private static let interimLimit = 8

    let transport: Transport
    private let headLimits: HTTPHeadLimits
    private var parser = HTTPResponseParser()
    private var method = HTTPMethod.get
    private var interim = 0
    private var waiter: LoopContinuation<Result<HTTPResponseHead, HTTPError>>?
    /// The response's body, while it arrives.
    private weak var body: HTTPBodyStream?
    private var framing = HTTPBodyFraming.none
    private var left = 0
    private var decoder = HTTPChunkedDecoder()
    private var keepAlive = true
    private var isBusy = false
    private var failure: HTTPError?
    /// Whether any byte of the current response has arrived.
    private(set) var hasResponse = false
    /// Requests sent on this connection.
    private(set) var exchanges = 0
    /// Called when an exchange is over: the connection can be used again, or (false) is closed.
    var onIdle: (@Loop (Bool) -> Void)?
    /// Called when the connection closes while it is idle.
    var onClose: (@Loop () -> Void)?
    private lazy var timer = Timer { [unowned self] in
        isBusy ? fail(HTTPError(.timeout, "no response in time")) : transport.close()
    }

    init(_ transport: Transport, headLimits: HTTPHeadLimits) {
        self.transport = transport
        self.headLimits = headLimits
        transport.outputLimit = .max
        transport.start(self)
    }

    var isOpen: Bool { transport.isOpen }

    /// Sends `request` and waits for the head of its response, until `deadline`.
    func send(
        _ method: HTTPMethod, _ request: [UInt8], deadline: Instant
    ) async throws(HTTPError) -> (HTTPResponseHead, HTTPBodyStream) {
        precondition(!isBusy, "one request at a time")
        isBusy = true
        exchanges += 1
        hasResponse = false
        interim = 0
        self.method = method
        guard isOpen else {
            finish(reusable: false)
            throw failure ?? HTTPError(.connectionClosed, "connection closed")
        }
        transport.write(request)
        timer.arm(at: deadline)
        let stream = HTTPBodyStream(self)
        body = stream
        let result = await withTaskCancellationHandler {
            await Loop.suspend { (continuation: LoopContinuation<Result<HTTPResponseHead, HTTPError>>) in
                guard isBusy else {
                    let error = failure ?? HTTPError(.connectionClosed, "connection closed")
                    return continuation.resume(returning: .failure(error))
                }
                waiter = continuation
                if Task.isCancelled { fail(HTTPError(.cancelled, "cancelled")) }
            }
        } onCancel: {
            Loop.task { self.fail(HTTPError(.cancelled, "cancelled")) }
        }
        return (try result.get(), stream)
    }

    /// The rest of the body has until `deadline`; nil removes the limit.
    func setDeadline(_ deadline: Instant?) {
        guard isBusy, isOpen else { return }
        if let deadline { timer.arm(at: deadline) } else { timer.cancel() }
    }

    /// Keeps the idle connection open for that long.
    func idle(for limit: Duration) { timer.arm(after: limit) }

    /// The body is no longer read.
    func abandon() {
        guard isBusy else { return }
        finish(reusable: false)
    }

    func resumeBody() { transport.resumeReading() }

    // MARK: Input

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        let bytes = bytes.span
        guard isBusy else {
            // Bytes without a request.
            transport.close()
            return bytes.count
        }
        hasResponse = true
        var used = 0
        do throws(HTTPParseError) {
            while used < bytes.count, isBusy {
                let rest = bytes.extracting(used..<bytes.count)
                if waiter != nil {
                    guard let head = try parser.next(rest, limits: headLimits, answering: method) else {
                        break
                    }
                    used += head.length
                    try begin(head)
                } else {
                    let (count, wantsMore) = try readBody(rest)
                    used += count
                    if isBusy, !wantsMore {
                        transport.pauseReading()
                        break
                    }
                }
            }
            if !isBusy, used < bytes.count { transport.close() }
            return used
        } catch {
            fail(HTTPError(.protocolViolation, error.reason))
            return bytes.count
        }
    }

    private func begin(_ head: HTTPResponseHead) throws(HTTPParseError) {
        if head.status.isInformational {
            interim += 1
            guard head.status != .switchingProtocols, interim <= Self.interimLimit else {
                throw HTTPParseError(.badGateway, "unexpected interim response")
            }
            return
        }
        keepAlive = head.keepAlive
        framing = head.framing
        left = 0
        if case .length(let length) = framing { left = length }
        decoder = HTTPChunkedDecoder()
        let waiter = waiter
        self.waiter = nil
        if framing == .none || framing == .length(0) { finish(reusable: true) }
        waiter?.resume(returning: .success(head))
    }

    private func readBody(_ bytes: Span<UInt8>) throws(HTTPParseError) -> (Int, Bool) {
        guard let body else {
            finish(reusable: false)
            return (bytes.count, false)
        }
        switch framing {
        case .length:
            let count = min(left, bytes.count)
            left -= count
            let wantsMore = body.append(bytes.extracting(first: count))
            if left == 0 { finish(reusable: true) }
            return (count, wantsMore)
        case .chunked:
            let (used, wantsMore) = try body.append(bytes, through: &decoder)
            if decoder.isDone { finish(reusable: true) }
            return (used, wantsMore)
        case .untilClose, .none:
            return (bytes.count, body.append(bytes))
        }
    }

    // MARK: Closing

    /// The exchange is over.
    private func finish(reusable: Bool, _ error: HTTPError? = nil) {
        guard isBusy else { return }
        isBusy = false
        timer.cancel()
        let body = body
        self.body = nil
        body?.end(error)
        let reuse = reusable && keepAlive && isOpen
        if !reuse { transport.close() }
        let notifyIdle = onIdle
        self.onIdle = nil
        notifyIdle?(reuse)
        if reuse { transport.resumeReading() }
    }

    private func fail(_ error: HTTPError) {
        guard isBusy else { return }
        failure = error
        let waiter = waiter
        self.waiter = nil
        finish(reusable: false, error)
        waiter?.resume(returning: .failure(error))
    }

    func inputEnded(_ transport: Transport) {
        if isBusy, waiter == nil, framing == .untilClose { finish(reusable: false) }
        transport.close()
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        timer.cancel()
        fail(HTTPError(.connectionClosed, "the server closed the connection"))
        onClose?()
        onClose = nil
    }
}
