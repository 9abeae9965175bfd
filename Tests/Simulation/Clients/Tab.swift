import EventLoop
import HTTP
import JSON
import Orders
import WorkflowState

@testable import OrderNotification

/// A tab of a user: follows the updates by one of the protocols, comes back after each end, and resumes where it was; a hub's
/// client cannot, and asks for its orders.
@Loop
final class Tab {
    /// What the tab was told, in order.
    enum Told: Equatable {
        case update(orderID: Int64, status: OrderStatus, position: String?)
        /// Updates may be missing: the tab asks for its orders.
        case gap
    }

    let user: UserID
    let wireProtocol: WireProtocol
    private let world: World
    private(set) var told: [Told] = []
    /// What it was told that it should not have been.
    private(set) var faults: [String] = []
    private(set) var isConnected = false
    /// When it was first welcomed.
    private(set) var since: Instant?
    private var isClosed = false
    private var epoch: String?
    private var last: Int?
    private var connection: Connection?
    private var task: Task<Void, Never>?
    private let changes = AsyncEvent()

    init(_ user: UserID, by wireProtocol: WireProtocol, _ world: World) {
        self.user = user
        self.wireProtocol = wireProtocol
        self.world = world
        task = Loop.task { [weak self] in
            while let self, !isClosed, !Task.isCancelled { await visit() }
        }
    }

    private func visit() async {
        try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 1...1_000)))
        guard !isClosed, let replica = world.liveNotifier else { return }
        let start =
            epoch == nil || wireProtocol == .signalR
            ? ResumePoint.latest : ResumePoint(epoch: epoch, lastEventID: last.map { "\($0)" })
        let connection = Connection(self, replica)
        self.connection = connection
        connection.session = replica.open(self, as: user, from: start)
        await replica.process.checkpoint()
        connection.session?.opened(on: connection)
        if wireProtocol == .signalR { connection.say(#"{"protocol":"json","version":1}"# + "\u{1E}") }
        while self.connection === connection, !Task.isCancelled { await changes.next() }
    }

    /// Goes away without a word, and comes back.
    func drop() {
        guard let connection else { return }
        let session = connection.session
        ended(connection)
        Loop.task {
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 1...2_000)))
            session?.disconnected(.abnormal)
        }
    }

    func close() async {
        isClosed = true
        connection?.session?.disconnected(.normal)
        connection?.session = nil
        connection = nil
        task?.cancel()
        changes.fire()
        await task?.value
    }

    /// The replica of its connection is gone.
    func lost(_ replica: NotificationReplica) {
        if let connection, connection.replica === replica { ended(connection) }
    }

    fileprivate func ended(_ connection: Connection) {
        guard self.connection === connection else { return }
        note("disconnected")
        self.connection = nil
        connection.session = nil
        isConnected = false
        changes.fire()
    }

    fileprivate func received(_ encoded: Encoded, on connection: Connection) {
        guard self.connection === connection else { return }
        switch encoded {
        case .event(let event): received(event)
        case .frame(let frame) where wireProtocol == .signalR: received(record: frame)
        case .frame(let frame): (try? JSONValue(parsing: Self.text(of: frame))).map { received($0) }
        }
    }

    private func received(_ message: JSONValue) {
        switch message["type"]?.string {
        case "welcome":
            welcomed(as: message["userId"]?.string)
            // A tab that resumes keeps its position until it is told of another.
            if epoch == nil { adopt(message) }
        case "order.status": take(message, at: message["id"]?.int)
        case "resumed":
            if message["recovered"]?.bool == false {
                tellGap()
                adopt(message)
            }
        default: break
        }
    }

    /// As a browser's event source: it resumes from the last id that any event had.
    private func received(_ event: ServerSentEvent) {
        var (name, position, data): (Substring, Substring?, Substring) = ("message", nil, "")
        for line in String(decoding: event.bytes, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(colon, offsetBy: 2)...]
            switch line[..<colon] {
            case "event": name = value
            case "id": position = value
            default: data = value
            }
        }
        let message = try? JSONValue(parsing: String(data))
        if name == "resumed", message?["recovered"]?.bool == false { tellGap() }
        if name == "connected" { welcomed(as: message?["userId"]?.string) }
        let parts = position?.split(separator: ":")
        if name == "order.status", let message { take(message, at: parts?.last.flatMap { Int($0) }) }
        if let parts { (epoch, last) = (String(parts[0]), Int(parts[1])) }
    }

    /// Of the hub.
    private func received(record frame: WebSocketFrame) {
        guard let message = try? JSONValue(parsing: String(Self.text(of: frame).dropLast())) else {
            return faults.append("a record that cannot be read")
        }
        switch message["type"]?.int {
        case nil where message["error"] == nil:
            // What was missed cannot be replayed.
            if since != nil { tellGap() }
            welcomed(as: user.value)
        case 1:
            let update = message["arguments"]?[0]
            let status = OrderStatus.allCases.first { $0.signalRValue == update?["status"]?.int }
            take(update?["orderId"]?.int, status, at: nil, message)
        default: break
        }
    }

    private func note(_ text: @autoclosure () -> String) {
        world.timeline.note(of: "\(user.value) by \(wireProtocol.name)", text())
    }

    private func tellGap() {
        note("updates may be missing")
        told.append(.gap)
    }

    private func welcomed(as name: String?) {
        note("welcome at \(last.map { "\($0)" } ?? "the end")")
        if name != user.value { faults.append("welcomed as another user") }
        isConnected = true
        if since == nil { since = Loop.now }
    }

    private func adopt(_ message: JSONValue) {
        epoch = message["epoch"]?.string ?? epoch
        last = message["lastEventId"]?.int ?? message["lastEventId"]?.string.flatMap { Int($0) } ?? last
    }

    private func take(_ message: JSONValue, at offset: Int?) {
        let status = message["status"]?.string.flatMap { OrderStatus(wireName: $0) }
        take(message["orderId"]?.int, status, at: offset, message)
    }

    private func take(_ id: Int?, _ status: OrderStatus?, at offset: Int?, _ message: JSONValue) {
        guard let id, let status else {
            return faults.append("an update that cannot be read: \(message.text)")
        }
        if world.owner(of: Int64(id)).map({ $0 != user }) == true {
            faults.append("an update of another user's order \(id)")
        }
        if let offset {
            if let last, offset <= last { faults.append("update \(offset) came after \(last)") }
            last = offset
        }
        note("\(id) \(status.wireName)\(offset.map { " at \($0)" } ?? "")")
        told.append(
            .update(orderID: Int64(id), status: status, position: offset.map { "\(epoch ?? "?"):\($0)" }))
    }

    /// Without the header of two to ten bytes.
    private static func text(of frame: WebSocketFrame) -> String {
        let length = frame.bytes[1] & 0x7f
        return String(decoding: frame.bytes[(length == 127 ? 10 : length == 126 ? 4 : 2)...], as: UTF8.self)
    }

    /// One connection: frames arrive later, in order.
    @Loop
    final class Connection: SessionTransport {
        private weak var tab: Tab?
        let replica: NotificationReplica
        var session: Session?
        private var arriving: [(at: Instant, encoded: Encoded?)] = []
        private lazy var timer = Timer { [weak self] in self?.arrive() }
        var pendingOutput: Int { 0 }

        init(_ tab: Tab, _ replica: NotificationReplica) {
            self.tab = tab
            self.replica = replica
        }

        func send(_ encoded: Encoded) { put(encoded) }

        /// To the server.
        func say(_ text: String) {
            Loop.task { [self] in
                try? await Loop.sleep(for: .microseconds(Int.drawn(in: 100...3_000)))
                if replica.isAlive { session?.received(text.utf8.span) }
            }
        }

        func end(_ code: WebSocketCloseCode, reason: String) { put(nil) }
        func hold() {}
        func release() {}

        /// Nil for the end.
        private func put(_ encoded: Encoded?) {
            guard replica.isAlive else { return }
            let at = max(Loop.now + .microseconds(Int.drawn(in: 100...3_000)), arriving.last?.at ?? Loop.now)
            arriving.append((at, encoded))
            if !timer.isArmed { timer.arm(at: at) }
        }

        private func arrive() {
            while let first = arriving.first, first.at <= Loop.now {
                arriving.removeFirst()
                if let encoded = first.encoded {
                    tab?.received(encoded, on: self)
                } else {
                    session?.disconnected(.normal)
                    tab?.ended(self)
                }
            }
            if let next = arriving.first { timer.arm(at: next.at) }
        }
    }
}
