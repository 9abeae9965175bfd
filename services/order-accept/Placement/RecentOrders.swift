import EventLoop
import Orders
import WorkflowState

/// What this replica accepted and has not seen recorded, so that an order whose copies Redis loses, or could not take, is
/// still found, and its copies are written again (``QueuedOrderRenewal/restore()``). One that waits in the intake table goes on
/// to the broker when PostgreSQL refuses its record. The oldest are dropped at a limit.
///
/// Nothing is looked up here but what Redis and PostgreSQL do not have. So orders are packed as they come, in generations
/// that are compared with PostgreSQL as a whole, and searched one by one.
@Loop
final class RecentOrders {
    private var newest = PackedOrders()
    private var newestDue = Loop.now
    /// Oldest first.
    private var older: [Generation] = []
    private var lastID = 0

    struct Generation {
        fileprivate let id: Int
        fileprivate var pause: Duration
        fileprivate var due: Instant
        fileprivate var packed: PackedOrders

        var ids: [OrderID] { packed.entries.map(\.orderID) }

        func acceptances(without recorded: Set<OrderID>) -> [Acceptance] {
            packed.entries.filter { !recorded.contains($0.orderID) }.map { packed.acceptance($0) }
        }
    }

    /// Of the newest generation, after which almost all its orders are recorded. It doubles each time, so that a long
    /// queue costs little.
    private let pause: Duration
    /// In bytes.
    private let limit: Int

    private static let longestPause = Duration.seconds(32)

    init(limit: Int = 16 << 20, pause: Duration = .seconds(1)) {
        self.limit = limit
        self.pause = pause
    }

    func add(_ acceptance: Acceptance) {
        if newest.entries.isEmpty { newestDue = Loop.now + pause }
        newest.append(acceptance)
        while newest.size + older.reduce(0, { $0 + $1.packed.size }) > limit { dropOldest() }
    }

    func remove(_ id: OrderID) {
        newest.keep { $0.orderID != id }
        for index in older.indices { older[index].packed.keep { $0.orderID != id } }
    }

    func acceptance(_ id: OrderID) -> Acceptance? { first { $0.orderID == id } }

    func acceptance(_ id: CorrelationID) -> Acceptance? { first { $0.correlationID == id } }

    func acceptances(of user: UserID) -> [Acceptance] {
        (older.map(\.packed) + [newest]).flatMap { $0.acceptances(of: user) }
    }

    private func first(where matches: (PackedOrders.Entry) -> Bool) -> Acceptance? {
        for packed in [newest] + older.map(\.packed) {
            if let entry = packed.entries.first(where: matches) { return packed.acceptance(entry) }
        }
        return nil
    }

    // MARK: Generations

    /// Without the newest.
    var generations: Int { older.count }

    /// After a loss of many copies.
    func makeAllDue() {
        for index in older.indices { older[index].due = Loop.now }
    }

    /// A generation that is due to be compared.
    func nextDue() -> Generation? {
        let now = Loop.now
        if !newest.entries.isEmpty, newestDue <= now {
            lastID += 1
            older.append(Generation(id: lastID, pause: pause, due: now, packed: newest))
            newest = PackedOrders()
        }
        return older.first { $0.due <= now }
    }

    /// A generation was compared: the orders that still wait are due again later.
    func compared(_ generation: Generation, waiting: Set<OrderID>) {
        guard let index = older.firstIndex(where: { $0.id == generation.id }) else { return }
        older[index].packed.keep { waiting.contains($0.orderID) }
        older[index].pause = min(generation.pause * 2, Self.longestPause)
        older[index].due = Loop.now + older[index].pause
        if older[index].packed.entries.isEmpty { older.remove(at: index) }
    }

    private func dropOldest() {
        guard older.isEmpty else {
            older.removeFirst()
            return
        }
        let kept = Set(newest.entries.suffix(newest.entries.count / 2).map(\.orderID))
        newest.keep { kept.contains($0.orderID) }
    }
}

/// Orders without references: what an order was made of is freed when it is answered.
private struct PackedOrders {
    private(set) var entries: [Entry] = []
    private var bytes: [UInt8] = []

    struct Entry {
        let orderID: OrderID
        let correlationID: CorrelationID
        fileprivate let owner: Range<Int>
        fileprivate let pending: Range<Int>
    }

    /// In bytes.
    var size: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }

    mutating func append(_ acceptance: Acceptance) {
        append(
            acceptance.orderID, acceptance.correlationID, owner: acceptance.owner.value.utf8,
            pending: acceptance.pending)
    }

    private mutating func append(
        _ id: OrderID, _ correlationID: CorrelationID, owner: some Collection<UInt8>,
        pending: some Collection<UInt8>
    ) {
        let start = bytes.count
        bytes.append(contentsOf: owner)
        let middle = bytes.count
        bytes.append(contentsOf: pending)
        entries.append(
            Entry(
                orderID: id, correlationID: correlationID, owner: start..<middle,
                pending: middle..<bytes.count))
    }

    func acceptance(_ entry: Entry) -> Acceptance {
        // The bytes are those of a user id.
        let owner = UserID(String(decoding: bytes[entry.owner], as: UTF8.self))!
        return Acceptance(
            correlationID: entry.correlationID, owner: owner, orderID: entry.orderID,
            pending: Array(bytes[entry.pending]))
    }

    func acceptances(of user: UserID) -> [Acceptance] {
        entries.filter { bytes[$0.owner].elementsEqual(user.value.utf8) }.map { acceptance($0) }
    }

    mutating func keep(where isKept: (Entry) -> Bool) {
        guard !entries.allSatisfy(isKept) else { return }
        var kept = PackedOrders()
        for entry in entries where isKept(entry) {
            kept.append(
                entry.orderID, entry.correlationID, owner: bytes[entry.owner], pending: bytes[entry.pending])
        }
        self = kept
    }
}
