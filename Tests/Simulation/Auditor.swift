import EventLoop
import MemoryAdapters
import Messaging
import OrderEvents
import Orders

@testable import OrderAccept
@testable import OrderNotification

/// Compares what each client was told with what the servers have.
@Loop
struct Auditor {
    let world: World

    /// Waits until nothing is left to do; false when that does not happen.
    func rest() async -> Bool {
        for _ in 0..<240 {
            try? await Loop.sleep(for: .milliseconds(500))
            if isIdle, world.tabs.allSatisfy(\.isConnected) {
                // What is on its way to tabs.
                try? await Loop.sleep(for: .seconds(12))
                if isIdle, world.tabs.allSatisfy(\.isConnected) { return true }
            }
        }
        return false
    }

    private static var queues: [String] {
        OrderTopology.WorkQueue.allCases.map(\.rawValue).flatMap { name in
            [name, OrderTopology.deadQueue(of: name)]
                + RetryPolicy.standard.delays.map { OrderTopology.retryQueue(name, after: $0) }
        }
    }

    private var isIdle: Bool {
        let tables = world.database.tables
        return tables.intake.isEmpty && tables.outbox.isEmpty
            && Self.queues.allSatisfy { world.broker.memory.depth(of: $0) == 0 }
    }

    var unrest: String {
        let tables = world.database.tables
        let queues = Self.queues.compactMap { name in
            let depth = world.broker.memory.depth(of: name)
            return depth > 0 ? "\(name) \(depth)" : nil
        }
        let away = world.tabs.count { !$0.isConnected }
        return
            "it does not come to rest: intake \(tables.intake.count), outbox \(tables.outbox.count), queues \(queues), \(away) tabs away"
    }

    func faults() -> [String] {
        var faults = world.database.tables.faults
        for shopper in world.shoppers {
            faults += shopper.faults.map { "\(shopper.user.value): \($0)" }
            for purchase in shopper.purchases {
                faults += self.faults(purchase, of: shopper.user).map { "\(shopper.user.value): \($0)" }
            }
            let wanted = Set(shopper.purchases.map(\.quantity))
            for row in world.database.tables.orders where row.order.customer == shopper.user {
                if !wanted.contains(row.order.lines[0].quantity) {
                    faults.append("\(shopper.user.value): order \(row.order.id) was never wanted")
                }
            }
        }
        for (number, tab) in world.tabs.enumerated() {
            faults += (tab.faults + self.faults(of: tab)).map { "tab \(number) of \(tab.user.value): \($0)" }
        }
        var poison: [String] = []
        for queue in OrderTopology.WorkQueue.allCases {
            let name = OrderTopology.deadLetterQueue(of: queue.rawValue)
            for message in world.broker.memory.contents(of: name) {
                let reason = message.envelope.failure?.reason ?? ""
                if message.envelope.id.hasPrefix(World.poisonID), !reason.isEmpty {
                    poison.append(message.envelope.id)
                    continue
                }
                let order = try? OrderAccepted(decoding: message.body.span)
                let isRefused = order?.lines.contains { $0.quantity >= SimulatedTables.refusedQuantity }
                if isRefused != true || reason.isEmpty {
                    faults.append("a dead letter in \(name): \(reason)")
                }
            }
        }
        // A copy whose original was not acked in time is made twice.
        if Set(poison).count != world.poison {
            faults.append("of \(world.poison) messages that are no orders \(poison) are dead letters")
        }
        return faults
    }

    /// Each user's list is what is recorded, and nothing else.
    func faultsOfLists() async -> [String] {
        var faults: [String] = []
        for shopper in world.shoppers {
            let user = shopper.user
            let page = await world.edge.ask { accept -> [Order]? in
                try? await accept.read.page(of: user, PageRange(start: .offset(0), size: 100)).orders
            }
            guard let listed = page ?? nil else {
                faults.append("\(user.value): no list")
                continue
            }
            let recorded = world.database.tables.orders.filter { $0.order.customer == user && !$0.isDeleted }
            // An attempt of which nothing but its copies is left was never answered: its replica was killed.
            let ghosts = listed.filter { order in !recorded.contains { $0.order.id == order.id } }
            for order in ghosts
            where !(world.hasLostAcceptor && shopper.wasNotAnswered(order.lines[0].quantity)) {
                let status = order.status.wireName
                faults.append(
                    "\(user.value): order \(order.id) is listed as \(status), and will never be recorded")
            }
            for row in recorded where !listed.contains(where: { $0.id == row.order.id }) {
                faults.append("\(user.value): order \(row.order.id) is recorded, and not listed")
            }
        }
        return faults
    }

    /// After a while at rest a replica holds nothing of what is over.
    func faultsOfMemory() async -> [String] {
        try? await Loop.sleep(for: .seconds(70))
        var faults: [String] = []
        for accept in world.acceptors {
            let held = world.database.tables.orders.count { accept.recent.acceptance($0.order.id) != nil }
            if held > 0 { faults.append("\(accept.name) holds \(held) orders that are recorded") }
        }
        return await faults + faultsOfSubscriptions()
    }

    /// A subscription outlives its last session by seconds. Tabs of the hub move on, since they say nothing, so that one may be
    /// idle at any one time.
    private func faultsOfSubscriptions() async -> [String] {
        var idle: [NotificationReplica] = world.notifiers
        for _ in 0..<40 {
            idle.removeAll { $0.subscriptions.count == $0.subscriptions.activeUsers.count { _ in true } }
            if idle.isEmpty { return [] }
            try? await Loop.sleep(for: .milliseconds(500))
        }
        return idle.map { "\($0.name) keeps \($0.subscriptions.count) subscriptions without a session" }
    }

    private func rows(_ user: UserID, _ quantity: Int) -> [SimulatedTables.Row] {
        world.database.tables.orders.filter {
            $0.order.customer == user && $0.order.lines[0].quantity == quantity
        }
    }

    private func faults(_ purchase: Purchase, of user: UserID) -> [String] {
        let rows = rows(user, purchase.quantity)
        var faults: [String] = []
        let what = "purchase \(purchase.quantity)"
        switch purchase.answer {
        case .accepted(let id, let correlationID):
            guard rows.count == 1 else { return ["\(what), accepted as \(id), is \(rows.count) orders"] }
            let tables = world.database.tables
            if tables.index(id).map({ tables.orders[$0].order.id }) != rows[0].order.id {
                faults.append("\(what): the number \(id) it was accepted with leads elsewhere")
            }
            if tables.index(correlationID) == nil {
                faults.append("\(what): its correlation id has no outcome")
            }
        case .refused: if !rows.isEmpty { faults.append("\(what), refused, is \(rows.count) orders") }
        case .busy, .unknown: if rows.count > 1 { faults.append("\(what), unknown, is \(rows.count) orders") }
        }
        guard let row = rows.first else { return faults }
        if !row.order.status.isFinal { faults.append("\(what) has no end: \(row.order.status.wireName)") }
        if (row.order.status == .failed) != purchase.isRefusedLater, row.order.status != .cancelled {
            faults.append("\(what) is \(row.order.status.wireName)")
        }
        if row.order.lines[0].unitPrice.hundredths != 14_095 { faults.append("\(what) has another price") }
        if purchase.isCancelled, row.order.status != .cancelled {
            faults.append("\(what), cancelled, is \(row.order.status.wireName)")
        }
        if purchase.isDeleted, !row.isDeleted { faults.append("\(what), deleted, is there") }
        if let seen = purchase.statuses.last(where: \.isFinal), seen != row.order.status {
            faults.append("\(what) was seen \(seen.wireName), and is \(row.order.status.wireName)")
        }
        return faults
    }

    /// Each update once, in order, or a notice that some may be missing.
    private func faults(of tab: Tab) -> [String] {
        var faults: [String] = []
        var statuses: [Int64: OrderStatus] = [:]
        var hasGap = false
        for told in tab.told {
            switch told {
            case .gap:
                hasGap = true
                statuses = statuses.filter { !$0.value.isFinal }
            case .update(let id, let status, _):
                if let before = statuses[id] {
                    if before == status, status.isFinal { faults.append("\(status.wireName) of \(id) twice") }
                    if status.rank < before.rank {
                        faults.append("\(id) was \(before.wireName), then \(status.wireName)")
                    }
                }
                statuses[id] = status
                if status.isFinal, let orderID = OrderID(id), let index = world.database.tables.index(orderID)
                {
                    let recorded = world.database.tables.orders[index].order.status
                    if recorded != status {
                        faults.append("\(id) is \(recorded.wireName), told as \(status.wireName)")
                    }
                }
            }
        }
        guard !hasGap, let since = tab.since else { return faults }
        let ids = Set(statuses.filter { $0.value.isFinal }.keys)
        for shopper in world.shoppers where shopper.user == tab.user {
            for purchase in shopper.purchases where !purchase.mayBeDeleted {
                guard case .accepted(let id, _) = purchase.answer, let at = purchase.at, at > since else {
                    continue
                }
                if !ids.contains(id.value) {
                    faults.append("no end of order \(id) was told; \(world.whereabouts(id)); \(tab.told)")
                }
            }
        }
        return faults
    }
}
