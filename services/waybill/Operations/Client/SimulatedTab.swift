import EventLoop
import HTTP
internal import JSON

/// A client like a browser tab: stays connected to one of several addresses, reconnects with full jitter
/// after a loss, and resumes from its last position.
@Loop
final class SimulatedTab {
    let name: String
    private let addresses: [String]
    private let token: String
    private let keepsUpdates: Bool
    private var socket: WebSocket?
    private var isStopped = false
    private var nextAddress = 0
    private var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
    private lazy var retry = Timer { [weak self] in self?.connect() }

    private(set) var updates: [OrderUpdate] = []
    /// Final updates of orders, stored or not.
    private(set) var finalCount = 0
    /// The replicas of its connections, in order.
    private(set) var replicas: [String] = []
    /// Times the server could not recover missed updates, so that the client had to resync.
    private(set) var gaps = 0
    private(set) var isConnected = false
    private(set) var lastFailure: String?
    /// The reconnect delay that a draining server asked for.
    private var reconnectDelay: Duration?
    private var epoch: String?
    private var lastEventID = 0

    /// Called after each connection event and each update.
    var onChange: (@Loop (ServerFrame) -> Void)?
    /// Called with the reason when a connection was refused or lost; the next attempt follows.
    var onFailure: (@Loop (String) -> Void)?

    /// - Parameters:
    ///   - addresses: base URLs (`http://host:port`), the preferred one first.
    ///   - keepsUpdates: whether ``updates`` grows; ``onChange`` is called in any case.
    init(name: String, addresses: [String], token: String, keepsUpdates: Bool = true) {
        self.name = name
        self.addresses = addresses
        self.token = token
        self.keepsUpdates = keepsUpdates
    }

    func open() { connect() }

    func close() {
        isStopped = true
        retry.cancel()
        socket?.close(.normal)
    }

    private func connect() {
        guard !isStopped, socket == nil else { return }
        let base = addresses[nextAddress % addresses.count]
        var url = "ws" + base.dropFirst("http".count) + "/ws"
        if let epoch { url += "?lastEventId=\(lastEventID)&epoch=\(PercentEncoding.encode(epoch))" }
        let session = Session(self)
        Loop.task { [self] in
            do {
                let socket = try await WebSocket.connect(
                    url, session, protocols: ["waybill.v1", "bearer.\(token)"], tls: TrustedAuthorities.tls(),
                    within: .seconds(5))
                if isStopped { socket.close(.normal) } else { self.socket = socket }
            } catch {
                disconnected("\(error)")
            }
        }
    }

    fileprivate func disconnected(_ reason: String) {
        socket = nil
        isConnected = false
        lastFailure = reason
        guard !isStopped else { return }
        onFailure?(reason)
        guard !retry.isArmed else { return }
        nextAddress += 1
        retry.arm(after: reconnectDelay ?? backoff.next())
        reconnectDelay = nil
    }

    fileprivate func received(_ text: Span<UInt8>) {
        guard let frame = ServerFrame(text, receivedAt: .systemNow()) else { return }
        switch frame {
        case .welcome(let replica, let epoch, let lastEventID):
            backoff.reset()
            isConnected = true
            replicas.append(replica)
            // A first connection starts here, and so does a new epoch.
            if self.epoch != epoch { self.lastEventID = lastEventID }
            self.epoch = epoch
        case .update(let update):
            if keepsUpdates { updates.append(update) }
            if update.isFinal { finalCount += 1 }
            if let offset = update.offset { lastEventID = max(lastEventID, offset) }
        case .resumed(let recovered, _):
            if !recovered { gaps += 1 }
        case .draining(let milliseconds): reconnectDelay = .milliseconds(milliseconds)
        case .error, .other: break
        }
        onChange?(frame)
    }
}

/// One connection of a tab. Events of an earlier connection are ignored.
@Loop
private final class Session: WebSocketHandler {
    private weak var tab: SimulatedTab?
    init(_ tab: SimulatedTab) { self.tab = tab }

    func received(text: Span<UInt8>, on socket: WebSocket) { tab?.received(text) }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) {
        tab?.disconnected(reason.isEmpty ? "closed with \(code)" : "closed with \(code): \(reason)")
    }
}
