package import EventLoop

/// An HTTP/1.1 server on the loop, which answers with an ``HTTPRouter``.
///
/// ```swift
/// let router = HTTPRouter()
/// router.get("/hello/{name}") { request in HTTPResponse(text: "Hello, \(request.parameter("name"))!") }
/// let server = HTTPServer(router)
/// let port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 8081))
/// …
/// await server.drain(within: .seconds(10))
/// ```
@Loop
package final class HTTPServer {
    package let configuration: Configuration
    package let bufferBudget: BufferBudget
    let router: HTTPRouter
    let defaultHeaders: DefaultHeaders
    /// In nanoseconds: dividing a `Duration` at every request would cost more than routing it.
    private let idleTimeout: Int64

    private var counts = Statistics()
    private var sessions: [any ServerSession] = []
    private var perAddress: [IPAddress: Int] = [:]
    private var listeners: [Listener] = []
    /// Connections that are being told 503.
    private var rejecting = 0
    /// Called for each connection that is closed because there are no descriptors left.
    package var onExhausted: @Loop () -> Void = {}
    /// Set when the last session of a draining server has ended.
    private let empty = AsyncSignal()
    package private(set) var isDraining = false

    package init(_ router: HTTPRouter, _ configuration: Configuration = Configuration()) {
        self.router = router
        self.configuration = configuration
        bufferBudget = BufferBudget(limit: configuration.bufferLimit)
        idleTimeout = configuration.idleTimeout.nanoseconds
        defaultHeaders = DefaultHeaders(configuration.defaultHeaders)
        router.compile()
    }

    package var statistics: Statistics {
        var result = counts
        result.connections = sessions.count
        return result
    }

    // MARK: Connections

    /// Accepts connections until ``drain(within:)``. May be called for several endpoints.
    ///
    /// - Returns: the port, which the kernel chooses when `endpoint` says 0.
    @discardableResult
    package func listen(on endpoint: Endpoint, tls: TLSServer? = nil) async throws(TransportError) -> UInt16 {
        let listener = try await Listener(endpoint, tls: tls) { [weak self] transport in
            if let self { accept(transport) } else { transport.close() }
        }
        listener.onExhausted = { [weak self] in
            self?.counts.rejected += 1
            self?.onExhausted()
        }
        listeners.append(listener)
        return listener.port
    }

    private func accept(_ transport: Transport) {
        counts.accepted += 1
        let connection = ServerConnection(transport, self)
        guard sessions.count < configuration.maxConnections, !isDraining, countAddress(connection) else {
            counts.rejected += 1
            return rejecting < configuration.maxRejected ? reject(connection) : transport.close()
        }
        add(connection)
        connection.start()
    }

    private func reject(_ connection: ServerConnection) {
        rejecting += 1
        connection.isRejected = true
        connection.reject()
    }

    /// - Returns: false when the address has reached its limit of connections.
    private func countAddress(_ connection: ServerConnection) -> Bool {
        guard let limit = configuration.maxConnectionsPerAddress else { return true }
        let peer = connection.transport.peer.address
        if configuration.isTrusted(peer) { return true }
        guard perAddress[peer.client, default: 0] < limit else { return false }
        perAddress[peer.client, default: 0] += 1
        connection.countedAddress = peer.client
        return true
    }

    private func add(_ session: any ServerSession) {
        session.slot = sessions.count
        sessions.append(session)
    }

    /// A connection became a WebSocket.
    func replace(_ connection: ServerConnection, by socket: WebSocket) {
        counts.webSockets += 1
        socket.server = self
        socket.slot = connection.slot
        socket.countedAddress = connection.countedAddress
        sessions[socket.slot] = socket
        connection.slot = -1
        connection.countedAddress = nil
    }

    /// A connection that was rejected has ended.
    func rejectionEnded() { rejecting -= 1 }

    func remove(_ session: any ServerSession) {
        let slot = session.slot
        guard slot >= 0 else { return }
        session.slot = -1
        if session is WebSocket { counts.webSockets -= 1 }
        if let address = session.countedAddress {
            perAddress[address, default: 1] -= 1
            if perAddress[address] == 0 { perAddress[address] = nil }
        }
        let last = sessions.removeLast()
        if slot < sessions.count {
            sessions[slot] = last
            last.slot = slot
        }
        if sessions.isEmpty, isDraining { empty.set() }
    }

    /// The deadline of a connection that begins to wait now.
    var idleDeadline: Instant { Instant(nanoseconds: Loop.now.nanoseconds + idleTimeout) }

    func countRequest() { counts.requests += 1 }
    func countRefusal() { counts.refused += 1 }

    // MARK: Draining

    /// Stops: accepts no more connections, closes idle ones, lets current requests finish with `Connection: close`,
    /// tells WebSockets and streams. What is still open after `limit` is closed.
    ///
    /// - Returns: whether everything ended by itself.
    @discardableResult
    package func drain(within limit: Duration) async -> Bool {
        for listener in listeners { listener.close() }
        listeners = []
        isDraining = true
        for session in sessions { session.drain() }
        if sessions.isEmpty { return true }
        let inTime = await empty.wait(within: limit)
        if !inTime {
            for session in sessions { session.transport.close() }
            await empty.wait()
        }
        return inTime
    }
}

/// A connection as the server counts it: one that speaks HTTP, or one that became a WebSocket.
@Loop
protocol ServerSession: AnyObject {
    var transport: Transport { get }
    /// Its index in the server's table, or -1.
    var slot: Int { get set }
    /// The client address that it is counted for.
    var countedAddress: IPAddress? { get set }
    /// The server stops.
    func drain()
}

extension ServerConnection: ServerSession {}
extension WebSocket: ServerSession {}
