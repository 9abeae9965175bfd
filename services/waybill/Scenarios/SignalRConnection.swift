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
    private var unconfirmed: Set<String> = []
    private var ticks = 0
    private lazy var timer = Timer { [weak self] in self?.tick() }

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
        timer.cancel()
        socket?.close(.normal)
    }

    func ordered(_ correlationID: String, sentAt: Instant) {
        guard let connectedAt, sentAt < connectedAt, client?.ledger.hasFinalStatus(correlationID) == false
        else {
            return
        }
        unconfirmed.insert(correlationID)
        query(correlationID)
    }

    /// Twice a second: repeats the queries, and pings the server every ten seconds.
    private func tick() {
        ticks += 1
        if ticks.isMultiple(of: 20) { socket?.send(text: #"{"type":6}"# + Self.separator) }
        unconfirmed = unconfirmed.filter { client?.ledger.hasFinalStatus($0) == false }
        for correlationID in unconfirmed { query(correlationID) }
        timer.arm(after: .milliseconds(500))
    }

    private func query(_ correlationID: String) {
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
        guard let type = message["type"]?.int else { return handshakeCompleted(message) }
        switch type {
        case 1 where message["target"]?.string == "Notification": handleNotification(message["arguments"]?[0])
        case 3: handleCompletion(message)
        default: break
        }
    }

    private func handshakeCompleted(_ answer: JSONValue) {
        guard let client, connectedAt == nil, answer["error"] == nil else { return }
        connectedAt = .systemNow()
        client.connected(self, at: nil)
        timer.arm(after: .milliseconds(500))
    }

    private func handleNotification(_ argument: JSONValue?) {
        guard let client, let correlationID = argument?["correlationId"]?["value"]?.string,
            let status = argument?["status"]?.int, Self.statuses.indices.contains(status),
            let orderID = argument?["orderId"]?.int
        else { return }
        client.received(
            OrderUpdate(
                offset: nil, correlationID: correlationID, orderID: orderID, status: Self.statuses[status],
                occurredAt: "", receivedAt: .systemNow()), on: self)
    }

    private func handleCompletion(_ completion: JSONValue) {
        guard let id = completion["invocationId"]?.string, let correlationID = calls.removeValue(forKey: id),
            let status = completion["result"]?["status"]?.int, status >= 2
        else { return }
        client?.queryAnswered(correlationID, isCompleted: status == 2)
    }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) {
        timer.cancel()
        client?.disconnected(self, reason.isEmpty ? "\(code)" : "\(code) \(reason)")
    }
}
