package import EventLoop

extension WebSocket {
    /// Opens a WebSocket as a client.
    ///
    /// - Parameters:
    ///   - url: of the scheme ws or wss.
    ///   - protocols: offered subprotocols, in order of preference.
    ///   - tls: how to verify wss servers; nil for the system's trusted roots.
    ///   - limit: for connecting and the handshake.
    /// - Throws: `.upgradeRefused` with the status where the server answers as plain HTTP.
    @discardableResult
    package static func connect(
        _ url: String, _ handler: any WebSocketHandler, protocols: [String] = [],
        headers: HTTPHeaders = HTTPHeaders(), _ configuration: Configuration = Configuration(),
        tls: TLSClient? = nil, within limit: Duration = .seconds(10)
    ) async throws(HTTPError) -> WebSocket {
        let address = try HTTPURL(url)
        let deadline = Loop.now + limit
        let transport: Transport
        do throws(TransportError) {
            var tls = tls
            if address.isSecure, tls == nil { tls = try TLSClient() }
            transport = try await Transport.connect(
                to: address.endpoint, tls: address.isSecure ? tls : nil, timeout: limit)
        } catch {
            throw HTTPError(error)
        }
        let handshake = ClientHandshake(transport, protocols: protocols, handler, configuration)
        return try await handshake.run(address, headers, deadline: deadline)
    }
}

/// A client's opening handshake (RFC 6455, 4.1), up to the WebSocket on its connection.
@Loop
private final class ClientHandshake: TransportHandler {
    private let transport: Transport
    private let protocols: [String]
    private let handler: any WebSocketHandler
    private let configuration: WebSocket.Configuration
    private let key = WebSocketHandshake.makeKey()
    private var parser = HTTPResponseParser()
    private var continuation: LoopContinuation<Result<WebSocket, HTTPError>>?
    private var isFinished = false
    private lazy var timer = Timer { [unowned self] in
        finish(.failure(HTTPError(.timeout, "no answer in time")))
    }

    init(
        _ transport: Transport, protocols: [String], _ handler: any WebSocketHandler,
        _ configuration: WebSocket.Configuration
    ) {
        self.transport = transport
        self.protocols = protocols
        self.handler = handler
        self.configuration = configuration
    }

    func run(
        _ address: HTTPURL, _ headers: HTTPHeaders, deadline: Instant
    ) async throws(HTTPError) -> WebSocket {
        transport.withOutput { out in
            out.append(ascii: "GET \(address.target) HTTP/1.1\r\nHost: \(address.authority)\r\n")
            out.append(ascii: "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n")
            out.append(ascii: "Sec-WebSocket-Key: \(key)\r\n")
            var headers = headers
            if !protocols.isEmpty {
                headers.add("Sec-WebSocket-Protocol", protocols.joined(separator: ", "))
            }
            out.append(contentsOf: headers.bytes)
            out.append(ascii: "\r\n")
        }
        timer.arm(at: deadline)
        let result = await withTaskCancellationHandler {
            await Loop.suspend { (continuation: LoopContinuation<Result<WebSocket, HTTPError>>) in
                self.continuation = continuation
                transport.start(self)
                if Task.isCancelled { finish(.failure(HTTPError(.cancelled, "cancelled"))) }
            }
        } onCancel: {
            Loop.task { self.finish(.failure(HTTPError(.cancelled, "cancelled"))) }
        }
        return try result.get()
    }

    private func finish(_ result: Result<WebSocket, HTTPError>) {
        guard !isFinished else { return }
        isFinished = true
        timer.cancel()
        if case .failure = result { transport.close() }
        continuation?.resume(returning: result)
        continuation = nil
    }

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        var used = 0
        let accepted: WebSocket?
        do throws(HTTPParseError) {
            accepted = try readHead(bytes.span, &used)
        } catch {
            let status = error.status == .badGateway ? nil : error.status
            finish(
                .failure(
                    HTTPError(
                        status == nil ? .protocolViolation : .upgradeRefused, error.reason, status: status)))
            return bytes.count
        }
        guard let accepted else { return used }
        accepted.start()
        finish(.success(accepted))
        return used + accepted.received(rest: used, of: &bytes, from: transport)
    }

    /// - Returns: the WebSocket, once the response's head has arrived.
    private func readHead(_ bytes: Span<UInt8>, _ used: inout Int) throws(HTTPParseError) -> WebSocket? {
        while !isFinished {
            let rest = bytes.extracting(used..<bytes.count)
            guard let head = try parser.next(rest, limits: HTTPHeadLimits(), answering: .get) else {
                return nil
            }
            used += head.length
            if !head.status.isInformational || head.status == .switchingProtocols { return try accept(head) }
        }
        return nil
    }

    /// - Throws: with the server's status when it refused, 502 when it broke the protocol.
    private func accept(_ head: HTTPResponseHead) throws(HTTPParseError) -> WebSocket {
        guard head.status == .switchingProtocols else {
            throw HTTPParseError(head.status, "the server answered \(head.status.rawValue)")
        }
        let chosen = head.headers["Sec-WebSocket-Protocol"]
        guard head.headers.contains("Upgrade", element: "websocket"),
            head.headers.contains("Connection", element: "upgrade"),
            head.headers["Sec-WebSocket-Accept"] == WebSocketHandshake.accept(for: key),
            !head.headers.contains("Sec-WebSocket-Extensions"),
            chosen.map(protocols.contains) ?? true
        else { throw HTTPParseError(.badGateway, "invalid handshake") }
        return WebSocket(
            transport, role: .client, handler: handler, subprotocol: chosen, configuration)
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        finish(.failure(HTTPError(.connectionClosed, "the server closed the connection")))
    }
}
