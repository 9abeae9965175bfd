internal import EventLoop

/// Writes responses.
extension ServerConnection {
    func respond(_ response: HTTPResponse, to request: HTTPRequest, _ number: UInt32) {
        guard case .handling(number, _, _) = phase, isOpen else { return }
        switch response.body {
        case .bytes:
            send(response)
            endExchange()
        case .stream(let start): begin(response, start)
        case .webSocket(let handler, let subprotocol, let configuration):
            if let refusal = WebSocketHandshake.refusal(of: request) {
                return respond(answer(refusal), to: request, number)
            }
            upgrade(request, response, handler, subprotocol, configuration)
        }
    }

    /// Answers what reaches no handler, and ends.
    func refuse(_ status: HTTPStatus, _ reason: String) {
        server.countRefusal()
        options.keepAlive = false
        let request: HTTPRequest? =
            switch phase {
            case .body(let pending, _): HTTPRequest(pending.head, pending.match, connection: self)
            case .admitting(_, let request, _), .handling(_, let request, _): request
            case .head, .streaming, .upgraded, .ended: nil
            }
        if request == nil { options.isHead = false }
        transport.heldByHandler = 0
        let headers: KeyValuePairs =
            switch status {
            // RFC 9110, 15.5.16.
            case .unsupportedMediaType: ["Accept-Encoding": "identity"]
            case .serviceUnavailable: ["Retry-After": "1"]
            default: [:]
            }
        send(answer(HTTPRefusal(status, reason, of: request, headers: headers)))
        end(within: limits.lingerTimeout)
    }

    func answer(_ refusal: HTTPRefusal) -> HTTPResponse {
        var response = limits.refusal(refusal)
        for (name, value) in refusal.headers { response.headers.set(name, value) }
        return response
    }

    func send(_ response: HTTPResponse) {
        guard case .bytes(let body) = response.body else { return }
        let hasContent = !response.status.forbidsContent
        transport.withOutput { out in
            writeHead(response, hasContent ? .length(body.count) : .unstated, &out)
            if hasContent, !options.isHead { out.append(contentsOf: body) }
        }
    }

    private func writeHead(_ response: HTTPResponse, _ framing: MessageEncoder.Framing, _ out: inout [UInt8])
    {
        if server.isDraining { options.keepAlive = false }
        MessageEncoder.appendResponseHead(
            response.status, response.headers, common: server.defaultHeaders.bytes,
            framing: framing,
            connection: !options.keepAlive ? .close : options.isVersion10 ? .keepAlive : .unstated, to: &out
        )
    }

    private func begin(_ response: HTTPResponse, _ start: @Loop (HTTPResponseStream) -> Void) {
        if options.isVersion10 { options.keepAlive = false }
        transport.withOutput { writeHead(response, options.isVersion10 ? .unstated : .chunked, &$0) }
        guard !options.isHead, !response.status.forbidsContent else { return endExchange() }
        timer.cancel()
        let stream = HTTPResponseStream(self, isChunked: !options.isVersion10, limit: limits.streamLimit)
        phase = .streaming(stream)
        start(stream)
    }

    func streamEnded() {
        if case .streaming = phase { endExchange() }
    }

    /// The client of a stream has stopped reading.
    func streamIsBlocked() {
        if !timer.isArmed { timer.arm(after: limits.idleTimeout) }
    }

    private func upgrade(
        _ request: HTTPRequest, _ response: HTTPResponse, _ handler: any WebSocketHandler,
        _ subprotocol: String?,
        _ configuration: WebSocket.Configuration
    ) {
        let accept = WebSocketHandshake.accept(for: request.headers["Sec-WebSocket-Key"] ?? "")
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
        phase = .upgraded(socket)
        exchange &+= 1
        timer.cancel()
        server.replace(self, by: socket)
        socket.start()
        transport.resumeReading()
        if server.isDraining { socket.drain() }
    }
}
