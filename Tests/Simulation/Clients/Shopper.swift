import EventLoop
import JSON
import Observability
import Orders
import WorkflowState

@testable import OrderAccept

/// What a client was told of one order that it wanted. The quantity tells the orders of a user apart.
struct Purchase {
    enum Answer: Equatable {
        /// 201 with the order's number and correlation id.
        case accepted(OrderID, CorrelationID)
        /// For certain.
        case refused
        /// Another attempt with the key is in work.
        case busy
        case unknown
    }

    let quantity: Int
    let key: String?
    /// It is accepted, and cannot be recorded but as failed.
    var isRefusedLater: Bool { quantity >= SimulatedTables.refusedQuantity }
    var answer = Answer.unknown
    /// When the first attempt began.
    var at: Instant?
    var isCancelled = false
    var isDeleted = false
    /// Whether a deletion was tried, of which the outcome may not be known.
    var mayBeDeleted = false
    /// In the order in which they were seen.
    var statuses: [OrderStatus] = []
}

/// A user who places, cancels, deletes and looks, through the edge.
@Loop
final class Shopper {
    let user: UserID
    private let world: World
    private(set) var purchases: [Purchase] = []
    private(set) var faults: [String] = []

    init(_ user: UserID, _ world: World) {
        self.user = user
        self.world = world
    }

    func run(orders: Int) async {
        for number in 1...orders {
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 10...2_500)))
            if Task.isCancelled || world.isClosing { return }
            await place(drawn(onceIn: 15) ? SimulatedTables.refusedQuantity + number : number)
            guard case .accepted(let id, let correlationID) = purchases[purchases.count - 1].answer else {
                continue
            }
            switch Int.drawn(in: 0...9) {
            case 0, 1: await cancel(id)
            case 2: await delete(id)
            case 3...6: await look(id, correlationID)
            default: break
            }
        }
    }

    private func note(_ text: @autoclosure () -> String) { world.timeline.note(of: user.value, text()) }

    /// With a key, an attempt whose outcome is not known is repeated.
    private func place(_ number: Int) async {
        let key = drawn(onceIn: 2) ? "key-\(number)" : nil
        purchases.append(Purchase(quantity: number, key: key, at: Loop.now))
        let index = purchases.count - 1
        var isRefused = false
        for attempt in 0..<(key == nil ? 1 : 6) {
            note("orders \(number)\(key.map { " under \($0)" } ?? "")")
            purchases[index].answer = await world.edge.post(number, of: user, key: key)
            note("\(number): \(purchases[index].answer)")
            if purchases[index].answer == .busy {
                purchases[index].answer = .unknown
                let isSteady = world.redis.isSteady && !world.acceptors.contains { $0.redisLink.isCut }
                if isRefused, isSteady { faults.append("key \(number) is held, and its request was refused") }
            }
            // By each attempt so far: none is in work.
            isRefused = (attempt == 0 || isRefused) && purchases[index].answer == .refused
            if case .accepted = purchases[index].answer { return }
            if purchases[index].answer == .refused, key == nil { return }
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 100...1_500)))
            if world.isClosing { break }
        }
        // What one attempt was refused, an earlier one may have done.
        if key != nil, purchases[index].answer == .refused { purchases[index].answer = .unknown }
    }

    func wasNotAnswered(_ quantity: Int) -> Bool {
        purchases.contains { $0.quantity == quantity && $0.answer == .unknown }
    }

    private func index(_ id: OrderID) -> Int? {
        purchases.firstIndex { if case .accepted(id, _) = $0.answer { true } else { false } }
    }

    private func acceptance(of id: OrderID) -> Instant? { index(id).flatMap { purchases[$0].at } }

    private func cancel(_ id: OrderID) async {
        let user = user
        let (given, mayBeForgotten) = await world.asking(about: id, since: acceptance(of: id)) {
            await world.edge.ask { accept -> Bool? in
                do throws(OrderChangeError) {
                    return try await accept.cancel.cancel(id, of: user, .root()).status == .cancelled
                } catch {
                    if error == .notFound { return nil }
                    return false
                }
            }
        }
        note("cancels \(id): \(String(describing: given))")
        guard let answer = given else { return }
        if answer == nil, !mayBeForgotten {
            faults.append("order \(id) is not found when it is cancelled")
        }
        if answer == true, let index = index(id) { purchases[index].isCancelled = true }
    }

    private func delete(_ id: OrderID) async {
        let user = user
        if let index = index(id) { purchases[index].mayBeDeleted = true }
        let isDeleted = await world.edge.ask { accept -> Bool in
            do {
                try await accept.cancel.delete(id, of: user, .root())
                return true
            } catch {
                return false
            }
        }
        note("deletes \(id): \(String(describing: isDeleted))")
        if isDeleted == true, let index = index(id) { purchases[index].isDeleted = true }
    }

    /// By both routes; what was seen never goes back.
    private func look(_ id: OrderID, _ correlationID: CorrelationID) async {
        let user = user
        for _ in 0..<Int.drawn(in: 1...5) {
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 1...1_000)))
            if world.isClosing { return }
            let asksStatus = drawn(onceIn: 2)
            let (seen, mayBeForgotten) = await world.asking(about: id, since: acceptance(of: id)) {
                await world.edge.ask { accept -> OrderStatus?? in
                    do {
                        return asksStatus
                            ? .some(try await accept.read.status(correlationID, of: user)?.status)
                            : .some(try await accept.read.order(id, of: user)?.order.status)
                    } catch {
                        return nil
                    }
                }
            }
            note("\(asksStatus ? "status" : "order") \(id): \(String(describing: seen))")
            guard let answered = seen, let found = answered, let index = index(id) else { continue }
            guard let status = found else {
                if purchases[index].mayBeDeleted { return }
                if !mayBeForgotten {
                    faults.append("order \(id), accepted, is not found")
                }
                continue
            }
            if let before = purchases[index].statuses.last {
                let isBack = status.rank < before.rank || before.isFinal && status != before
                // PROCESSING is in Redis alone, and what is recorded in PostgreSQL.
                let mayBeBack =
                    before == .processing || world.database.mayBeAway
                    || world.acceptors.contains { $0.databaseLink.isCut }
                if isBack, !mayBeBack {
                    faults.append("order \(id) was \(before.wireName), then \(status.wireName)")
                }
            }
            purchases[index].statuses.append(status)
        }
        await list()
    }

    /// Orders that were accepted and not deleted are in the list, once each.
    private func list() async {
        let (user, question) = (user, Loop.now)
        let told = purchases.filter { purchase in
            guard case .accepted(let id, _) = purchase.answer else { return false }
            return !purchase.mayBeDeleted
                && !world.mayBeMissing(id, since: purchase.at, question: question)
        }
        let page = await world.edge.ask { accept -> [Order]? in
            try? await accept.read.page(of: user, PageRange(start: .offset(0), size: 100)).orders
        }
        note("list: \((page ?? nil).map { $0.map { "\($0.id) \($0.status.wireName)" } } ?? ["none"])")
        guard let orders = page ?? nil else { return }
        for purchase in told {
            guard case .accepted(let id, _) = purchase.answer else { continue }
            let count = orders.count { $0.lines[0].quantity == purchase.quantity }
            if count == 0, world.mayBeMissing(id, since: purchase.at, question: question) { continue }
            if count > 1 {
                let found = orders.filter { $0.lines[0].quantity == purchase.quantity }
                faults.append(
                    "\(purchase.key ?? "no key"): "
                        + found.map { "\($0.id) \($0.status.wireName)" }.joined(separator: ", "))
            }
            if count != 1 {
                faults.append("order \(id) is \(count) times in the list; \(world.whereabouts(id))")
            }
        }
        if orders.contains(where: { $0.customer != user }) {
            faults.append("a list has another user's order")
        }
    }
}
