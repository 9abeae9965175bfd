import EventLoop
import HTTP

/// A seat's native WebSocket.
@Loop
final class NativeLine: Line, WebSocketHandler {
    let replica: Int
    private weak let seat: Seat?
    private var socket: WebSocket?

    init(_ seat: Seat, _ replica: Int) {
        self.seat = seat
        self.replica = replica
    }

    func open(_ base: String) async throws {
        guard let seat else { return }
        var url = "ws" + base.dropFirst("http".count) + "/ws"
        if let place = seat.place { url += "?lastEventId=\(place.offset)&epoch=\(place.epoch)" }
        socket = try await WebSocket.connect(
            url, self, protocols: ["waybill.v1", "bearer.\(seat.token)"], within: .seconds(5))
        if !seat.isCurrent(self) { close() }
    }

    func close() { socket?.close(.normal) }

    func received(text: Span<UInt8>, on socket: WebSocket) {
        guard let seat, let frame = ServerFrame(text, receivedAt: .systemNow()) else { return }
        switch frame {
        case .welcome(_, let epoch, let offset):
            seat.welcomed(self, at: Seat.Place(epoch: epoch, offset: offset))
        case .update(let update): seat.told(update, on: self)
        case .resumed(false, _): seat.missedSomething(self)
        case .draining(let milliseconds): seat.drains(self, milliseconds: milliseconds)
        case .resumed, .error, .other: break
        }
    }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) {
        seat?.lost(self, reason.isEmpty ? "\(code)" : "\(code) \(reason)")
    }
}
