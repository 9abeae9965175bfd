import EventLoop
import HTTP
import JSON
import Orders
import WorkflowState

@testable import OrderNotification

/// A tab of a user: follows the updates, comes back after each end, and resumes where it was.
@Loop
final class Tab {
    /// What the tab was told, in order.
    enum Told: Equatable {
        case update(orderID: Int64, status: OrderStatus, position: String?)
        /// Updates may be missing: the tab asks for its orders.
        case gap
    }

    let user: UserID
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

    init(_ user: UserID, _ world: World) {
        self.user = user
        self.world = world
        task = Loop.task { [weak self] in
            while let self, !isClosed, !Task.isCancelled { await visit() }
        }
    }

    private func visit() async {
        try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 1...1_000)))
        guard !isClosed, let replica = world.liveNotifier else { return }
        let start =
            epoch == nil
            ? ResumePoint.latest : ResumePoint(epoch: epoch, lastEventID: last.map { "\($0)" })
        let connection = Connection(self, replica)
        self.connection = connection
        connection.session = replica.open(self, as: user, from: start)
        await replica.process.checkpoint()
        connection.session?.opened(on: connection)
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
        self.connection = nil
        connection.session = nil
        isConnected = false
        changes.fire()
    }

    fileprivate func received(_ text: String, on connection: Connection) {
        guard self.connection === connection, let message = try? JSONValue(parsing: text) else { return }
        switch message["type"]?.string {
        case "welcome":
            if message["userId"]?.string != user.value { faults.append("welcomed as another user") }
            isConnected = true
            if since == nil { since = Loop.now }
            // A tab that resumes keeps its position until it is told of another.
            if epoch == nil { adopt(message) }
        case "order.status": take(message)
        case "resumed":
            if message["recovered"]?.bool == false {
                told.append(.gap)
                adopt(message)
            }
        default: break
        }
    }

    private func adopt(_ message: JSONValue) {
        epoch = message["epoch"]?.string ?? epoch
        last = message["lastEventId"]?.int ?? message["lastEventId"]?.string.flatMap { Int($0) } ?? last
    }

    private func take(_ message: JSONValue) {
        guard let id = message["orderId"]?.int,
            let status = message["status"]?.string.flatMap({ OrderStatus(wireName: $0) })
        else { return faults.append("an update that cannot be read: \(message.text)") }
        if world.owner(of: Int64(id)).map({ $0 != user }) == true {
            faults.append("an update of another user's order \(id)")
        }
        let offset = message["id"]?.int
        if let offset {
            if let last, offset <= last { faults.append("update \(offset) came after \(last)") }
            last = offset
        }
        told.append(
            .update(orderID: Int64(id), status: status, position: offset.map { "\(epoch ?? "?"):\($0)" }))
    }

    /// One connection: frames arrive later, in order.
    @Loop
    final class Connection: SessionTransport {
        private weak var tab: Tab?
        let replica: NotificationReplica
        var session: Session?
        private var arriving: [(at: Instant, text: String?)] = []
        private lazy var timer = Timer { [weak self] in self?.arrive() }
        var pendingOutput: Int { 0 }

        init(_ tab: Tab, _ replica: NotificationReplica) {
            self.tab = tab
            self.replica = replica
        }

        func send(_ encoded: Encoded) {
            if case .frame(let frame) = encoded { put(Self.text(of: frame)) }
        }

        func end(_ code: WebSocketCloseCode, reason: String) { put(nil) }
        func hold() {}
        func release() {}

        /// Nil for the end.
        private func put(_ text: String?) {
            guard replica.isAlive else { return }
            let at = max(Loop.now + .microseconds(Int.drawn(in: 100...3_000)), arriving.last?.at ?? Loop.now)
            arriving.append((at, text))
            if !timer.isArmed { timer.arm(at: at) }
        }

        private func arrive() {
            while let first = arriving.first, first.at <= Loop.now {
                arriving.removeFirst()
                if let text = first.text {
                    tab?.received(text, on: self)
                } else {
                    session?.disconnected(.normal)
                    tab?.ended(self)
                }
            }
            if let next = arriving.first { timer.arm(at: next.at) }
        }

        /// Without the header of two to ten bytes.
        private static func text(of frame: WebSocketFrame) -> String {
            let length = frame.bytes[1] & 0x7f
            return String(
                decoding: frame.bytes[(length == 127 ? 10 : length == 126 ? 4 : 2)...], as: UTF8.self)
        }
    }
}
