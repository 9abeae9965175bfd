import EventLoop
import MemoryAdapters
import Orders
import WorkflowState

@testable import OrderNotification

/// Mailboxes whose reads take three steps, each when the test says so: asked for, done by the server, answered.
@Loop
final class SlowMailboxes: MailboxStore {
    private let store: MemoryMailboxStore
    private(set) var asked: [Read] = []
    private var isOver = false

    @Loop final class Read {
        let requests: [HistoryRequest]
        fileprivate(set) var histories: [History]?
        fileprivate var continuation: CheckedContinuation<Result<[History], WorkflowStateError>, Never>?

        init(_ requests: [HistoryRequest]) { self.requests = requests }
    }

    init(_ store: MemoryMailboxStore) {
        self.store = store
        TestCleanup.add(self)
    }

    /// The test ends: all pending reads fail.
    func end() {
        isOver = true
        while !asked.isEmpty { fail() }
    }

    func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        if isOver { throw WorkflowStateError(.unavailable, isRetriable: true) }
        let read = Read(requests)
        let result = await withCheckedContinuation { continuation in
            read.continuation = continuation
            asked.append(read)
        }
        return try result.get()
    }

    /// The server runs the oldest read that it has not run.
    func serve() async throws {
        guard let read = asked.first(where: { $0.histories == nil }) else { return }
        read.histories = try await store.history(read.requests)
    }

    /// The answer to the oldest read arrives, if the server has run it.
    func answer() {
        guard let histories = asked.first?.histories else { return }
        asked.removeFirst().continuation?.resume(returning: .success(histories))
    }

    func fail() {
        guard !asked.isEmpty else { return }
        asked.removeFirst().continuation?.resume(
            returning: .failure(WorkflowStateError(.unavailable, isRetriable: true)))
    }

    func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [DeliveryOutcome] {
        try await store.deliver(deliveries)
    }

}

/// Channels whose messages are under way until the test lets them arrive, or loses them.
@Loop
final class SlowChannels: UserChannels {
    private let channels: MemoryUserChannels
    private(set) var underWay: [(UserID, Publication)] = []
    private var users: Set<UserID> = []
    private var confirmations: [CheckedContinuation<Void, Never>] = []
    private var isOver = false
    var onMessage: (@Loop (UserID, Publication) -> Void)?
    var onRestored: (@Loop ([UserID]) -> Void)?

    init(_ state: MemoryState) {
        channels = MemoryUserChannels(state)
        channels.onMessage = { [weak self] user, message in self?.underWay.append((user, message)) }
        TestCleanup.add(self)
    }

    /// The test ends: all pending subscriptions are confirmed.
    func end() {
        isOver = true
        confirm()
    }

    func listen(for user: UserID) async throws(WorkflowStateError) {
        users.insert(user)
        try await channels.listen(for: user)
        if !isOver { await withCheckedContinuation { confirmations.append($0) } }
    }

    func stopListening(for user: UserID) {
        users.remove(user)
        channels.stopListening(for: user)
    }

    func confirm() {
        let confirmed = confirmations
        confirmations = []
        for continuation in confirmed { continuation.resume() }
    }

    /// The oldest message arrives, perhaps twice.
    func arrive(times: Int = 1) {
        guard !underWay.isEmpty else { return }
        let (user, message) = underWay.removeFirst()
        for _ in 0..<times { onMessage?(user, message) }
    }

    func lose() { if !underWay.isEmpty { underWay.removeFirst() } }

    /// The connection breaks and comes back: what was under way is lost.
    func reconnect() {
        underWay = []
        onRestored?(Array(users))
    }
}

/// Lets tasks run that wait for nothing but their turn.
@Loop
func settle() async throws {
    for _ in 0..<4 { try await Loop.sleep(for: .zero) }
}
