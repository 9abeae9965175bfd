import EventLoop
import HTTP
internal import JSON

/// A client's connection to the SignalR hub.
///
/// The hub's protocol has no resume position: after a loss its client queries the status of orders without a
/// final status, until it has one.
@Loop
final class SignalRConnection: ScenarioConnection, WebSocketHandler {
    private static let separator = "\u{1E}"
    private static let statuses = ["ACCEPTED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]

    let replica: Int
    private weak let client: ScenarioClient?
    private var socket: WebSocket?
    private var connectedAt: Instant?
    /// Unanswered calls, by their ids.
    private var calls: [String: String] = [:]
    private var nextCall = 1
    /// Orders sent before this connection, whose updates may have been lost with the previous one.
    private var doubtful: Set<String> = []
    private var beats = 0
    private lazy var beat = Timer { [weak self] in self?.tick() }

    init(_ client: ScenarioClient, _ replica: Int) {
        self.client = client
        self.replica = replica
    }

    func open(_ base: String) async throws {
        guard let client else { return }
        let url = "ws" + base.dropFirst("http".count) + "/hubs/order-status"
        let socket = try await WebSocket.connect(
            url, self, headers: ["Authorization": "Bearer \(client.token)"], within: .seconds(5))
        self.socket = socket
        guard client.isCurrent(self) else { return close() }
        socket.send(text: #"{"protocol":"json","version":1}"# + Self.separator)
    }

    func close() {
        beat.cancel()
        socket?.close(.normal)
    }

    func ordered(_ correlationID: String, sentAt: Instant) {
        guard let connectedAt, sentAt < connectedAt, client?.ledger.knows(correlationID) == false else {
            return
        }
        doubtful.insert(correlationID)
        ask(correlationID)
    }

    /// Twice a second: repeats the queries, and pings the server every ten seconds.
    private func tick() {
        beats += 1
        if beats.isMultiple(of: 20) { socket?.send(text: #"{"type":6}"# + Self.separator) }
        doubtful = doubtful.filter { client?.ledger.knows($0) == false }
        for correlationID in doubtful { ask(correlationID) }
        beat.arm(after: .milliseconds(500))
    }

    private func ask(_ correlationID: String) {
        guard !calls.values.contains(correlationID) else { return }
        let number = String(nextCall)
        nextCall += 1
        calls[number] = correlationID
        socket?.send(
            text: #"{"type":1,"invocationId":"\#(number)","target":"GetCurrentStatus","#
                + #""arguments":["\#(correlationID)"]}"# + Self.separator)
    }

    // MARK: Messages

    func received(text: Span<UInt8>, on socket: WebSocket) {
        var start = 0
        for index in text.indices where text[index] == 0x1E {
            if let message = try? JSONValue(parsing: text.extracting(start..<index)) { handle(message) }
            start = index + 1
        }
    }

    private func handle(_ message: JSONValue) {
        guard let type = message["type"]?.int else { return greeted(message) }
        switch type {
        case 1 where message["target"]?.string == "Notification": notified(message["arguments"]?[0])
        case 3: answered(message)
        default: break
        }
    }

    private func greeted(_ answer: JSONValue) {
        guard let client, connectedAt == nil, answer["error"] == nil else { return }
        connectedAt = .systemNow()
        client.welcomed(self, at: nil)
        beat.arm(after: .milliseconds(500))
    }

    private func notified(_ argument: JSONValue?) {
        guard let client, let correlationID = argument?["correlationId"]?["value"]?.string,
            let status = argument?["status"]?.int, Self.statuses.indices.contains(status),
            let orderID = argument?["orderId"]?.int
        else { return }
        client.told(
            OrderUpdate(
                offset: nil, correlationID: correlationID, orderID: orderID, status: Self.statuses[status],
                occurredAt: "", receivedAt: .systemNow()), on: self)
    }

    private func answered(_ completion: JSONValue) {
        guard let id = completion["invocationId"]?.string, let correlationID = calls.removeValue(forKey: id),
            let status = completion["result"]?["status"]?.int, status >= 2
        else { return }
        client?.learned(correlationID, isCompleted: status == 2)
    }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) {
        beat.cancel()
        client?.lost(self, reason.isEmpty ? "\(code)" : "\(code) \(reason)")
    }
}
