import EventLoop
import HTTP

/// A client's stream of server-sent events.
@Loop
final class SSEConnection: ScenarioConnection {
    let replica: Int
    private weak let client: ScenarioClient?
    private var body: HTTPBodyStream?
    private var reading: Task<Void, Never>?

    init(_ client: ScenarioClient, _ replica: Int) {
        self.client = client
        self.replica = replica
    }

    func open(_ base: String) async throws {
        guard let client else { return }
        var headers: HTTPHeaders = ["Authorization": "Bearer \(client.token)"]
        if let position = client.position {
            headers.add("Last-Event-ID", "\(position.epoch):\(position.offset)")
        }
        let response = try await client.client.stream(
            .get, "\(base)/api/notifications/stream", headers: headers, within: .seconds(5))
        guard response.status == .ok else {
            response.body.cancel()
            throw CommandError(.unavailable, "\(response.status)", remedy: "waybill status")
        }
        body = response.body
        guard client.isCurrent(self) else { return close() }
        reading = Loop.task { [weak self] in await self?.read(response.body) }
    }

    func close() { body?.cancel() }

    private func read(_ body: HTTPBodyStream) async {
        var events = EventText()
        var end = "the stream ended"
        do {
            while let bytes = try await body.next() {
                for event in events.take(bytes) { handle(event) }
            }
        } catch {
            end = error.message
        }
        client?.disconnected(self, end)
    }

    private func handle(_ event: EventText.Event) {
        guard let client, let frame = ServerFrame(event.data.utf8.span, receivedAt: .systemNow()) else {
            return
        }
        switch frame {
        case .welcome(_, let epoch, let offset):
            client.connected(
                self,
                at: event.id.flatMap { ScenarioClient.Position($0[...]) }
                    ?? .init(epoch: epoch, offset: offset))
        case .update(let update): client.received(update, on: self)
        case .resumed(false, _): client.receivedGapNotice(self)
        case .draining(let milliseconds): client.receivedDrainNotice(self, milliseconds: milliseconds)
        case .resumed, .error, .other: break
        }
    }
}

/// Parses server-sent events from bytes in chunks of any size (WHATWG HTML, 9.2.6).
struct EventText: Sendable {
    struct Event: Sendable, Equatable {
        var id: String?
        var name: String?
        var data = ""
    }

    private var rest: [UInt8] = []

    /// The events that these bytes complete. Comments and events without data are skipped.
    mutating func take(_ bytes: [UInt8]) -> [Event] {
        rest += bytes
        var events: [Event] = []
        while let end = Self.endOfEvent(rest) {
            if let event = Self.event(String(decoding: rest[..<end], as: UTF8.self)) { events.append(event) }
            rest.removeFirst(end + 2)
        }
        return events
    }

    private static func endOfEvent(_ bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast().first { bytes[$0] == 10 && bytes[$0 + 1] == 10 }
    }

    private static func event(_ text: String) -> Event? {
        var event = Event()
        var lines: [Substring] = []
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon] {
            case "id": event.id = String(value)
            case "event": event.name = String(value)
            case "data": lines.append(value)
            default: break
            }
        }
        event.data = lines.joined(separator: "\n")
        return lines.isEmpty ? nil : event
    }
}
