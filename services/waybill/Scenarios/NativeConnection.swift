import EventLoop
import HTTP

/// A client's native WebSocket.
@Loop
final class NativeConnection: ScenarioConnection, WebSocketHandler {
    let replica: Int
    private weak let client: ScenarioClient?
    private var socket: WebSocket?

    init(_ client: ScenarioClient, _ replica: Int) {
        self.client = client
        self.replica = replica
    }

    func open(_ base: String) async throws {
        guard let client else { return }
        var url = "ws" + base.dropFirst("http".count) + "/ws"
        if let position = client.position { url += "?lastEventId=\(position.offset)&epoch=\(position.epoch)" }
        socket = try await WebSocket.connect(
            url, self, protocols: ["waybill.v1", "bearer.\(client.token)"], within: .seconds(5))
        if !client.isCurrent(self) { close() }
    }

    func close() { socket?.close(.normal) }

    func received(text: Span<UInt8>, on socket: WebSocket) {
        guard let client, let frame = ServerFrame(text, receivedAt: .systemNow()) else { return }
        switch frame {
        case .welcome(_, let epoch, let offset):
            client.connected(self, at: ScenarioClient.Position(epoch: epoch, offset: offset))
        case .update(let update): client.received(update, on: self)
        case .resumed(false, _): client.receivedGapNotice(self)
        case .draining(let milliseconds): client.receivedDrainNotice(self, milliseconds: milliseconds)
        case .resumed, .error, .other: break
        }
    }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) {
        client?.disconnected(self, reason.isEmpty ? "\(code)" : "\(code) \(reason)")
    }
}
