import EventLoop
import HTTP
import Identity
import Service

/// The routes of the native WebSocket, server-sent events and the SignalR hub.
@Loop
struct SocketRoutes {
    let handshakeGuard: HandshakeGuard

    private var sessions: SessionRegistry { handshakeGuard.sessions }
    /// Bodies mean nothing here.
    private static let bodyLimit = 1024
    private static let hub = "/hubs/order-status"

    func add(to router: APIRouter) {
        router.on(.get, "/ws", bodyLimit: Self.bodyLimit) { request, _ in try await native(request) }
        let router = router.admitting { _ = try await handshakeGuard.principal($0) }
        router.on(.get, "/api/notifications/stream", bodyLimit: Self.bodyLimit) { request, _ in
            try await events(request)
        }
        router.on(.get, Self.hub, bodyLimit: Self.bodyLimit) { request, _ in try await hub(request) }
        router.on(.post, "\(Self.hub)/negotiate", bodyLimit: Self.bodyLimit) { request, _ in
            try await negotiate(request)
        }
    }

    private func native(_ request: HTTPRequest) async throws -> HTTPResponse {
        let address = try handshakeGuard.admit(request)
        let start = ResumePoint(epoch: request.query("epoch"), lastEventID: request.query("lastEventId"))
        let handshake = HandshakeContext(try await handshakeGuard.credentials(request), start)
        let offered = request.webSocketProtocols
        // The token is in the same list, and is not echoed.
        let subprotocol = offered.contains(BearerToken.subprotocol) ? BearerToken.subprotocol : nil
        return .webSocket(
            Session(.native, sessions, handshake, address: address), subprotocol: subprotocol,
            sessions.webSocket)
    }

    private func events(_ request: HTTPRequest) async throws -> HTTPResponse {
        let address = try handshakeGuard.admit(request)
        let principal = try await handshakeGuard.principal(request)
        // An event source gives up after a status, and comes back after an event.
        guard sessions.subscriptions.hasRoom(for: principal.userID) else {
            throw Problem(.tooManyRequests, "Too many sessions of this user.")
        }
        let id = request.headers["Last-Event-ID"] ?? request.query("lastEventId")
        let start = id.flatMap { $0.isEmpty ? nil : ResumePoint(position: $0) } ?? .latest
        let session = Session(
            .events, sessions, HandshakeContext(.principal(principal), start), address: address)
        return .eventStream(heartbeat: sessions.limits.heartbeat) { stream in
            stream.onClosed = { ending in session.disconnected(WebSocketCloseCode(ending)) }
            stream.onDraining = { session.registry.beginDrain() }
            stream.send(retry: .seconds(1) + Duration.seconds(2).jittered)
            session.opened(on: stream)
        }
    }

    private func hub(_ request: HTTPRequest) async throws -> HTTPResponse {
        let address = try handshakeGuard.admit(request)
        let principal = try await handshakeGuard.principal(request)
        return .webSocket(
            Session(.signalR, sessions, HandshakeContext(.principal(principal), .latest), address: address),
            sessions.webSocket)
    }

    /// The connection that follows may reach any replica, so that no state is kept for the ids.
    private func negotiate(_ request: HTTPRequest) async throws -> HTTPResponse {
        _ = try handshakeGuard.admit(request)
        _ = try await handshakeGuard.principal(request)
        let version = min(Int(request.query("negotiateVersion") ?? "") ?? 0, 1)
        return SignalRNegotiation.response(version: max(version, 0))
    }
}
