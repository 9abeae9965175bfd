import EventLoop
import Foundation
import Identity
import JOSE
import MemoryAdapters
import Messaging
import OrderEvents
import Orders
import WorkflowState

@testable import OrderAccept
@testable import OrderNotification

/// One run: the servers, replicas of the three services, users with tabs, and what happens to them.
@Loop
final class World {
    let retention = Retention(workflow: .seconds(120))
    private(set) lazy var redis = SimulatedRedis(retention)
    let broker = SimulatedBroker(OrderTopology())
    let database = SimulatedDatabase()
    let catalogue = SimulatedCatalogue()
    let authenticator: Authenticator
    private(set) lazy var edge = SimulatedEdge(self)

    private(set) var acceptors: [AcceptReplica] = []
    private(set) var processors: [ProcessReplica] = []
    private(set) var notifiers: [NotificationReplica] = []
    private var dead: [SimulatedReplica] = []
    private(set) var shoppers: [Shopper] = []
    private(set) var tabs: [Tab] = []
    /// The clients come to an end.
    private(set) var isClosing = false
    var timeline: Timeline
    /// Messages that no replica of order-accept has sent.
    private(set) var poison = 0
    /// When Redis last lost something.
    var lossAt: Instant?
    /// Whether a replica of order-accept was killed.
    private(set) var hasLostAcceptor = false
    private var number = 0

    init(_ timeline: Timeline) throws {
        self.timeline = timeline
        authenticator = Authenticator(
            keys: KeySet([try VerificationKey.hmac(secret: Array("0123456789abcdef0123456789abcdef".utf8))]),
            rules: TokenRules(issuer: "waybill", audience: "waybill-api"))
    }

    func note(_ text: String) { timeline.note(text) }

    /// Of one more replica's wall clock, in milliseconds.
    func clockSkew() -> Int64 { Int64(Int.drawn(in: -500...500)) }

    // MARK: Replicas

    func start(acceptors: Int, processors: Int, notifiers: Int) {
        for _ in 0..<acceptors { startAcceptor() }
        for _ in 0..<processors { startProcessor() }
        for _ in 0..<notifiers { startNotifier() }
    }

    private func name(_ kind: String) -> String {
        number += 1
        return "\(kind)-\(number)"
    }

    func startAcceptor() { acceptors.append(AcceptReplica(name("accept"), self)) }
    func startProcessor() { processors.append(ProcessReplica(name("process"), self)) }
    func startNotifier() { notifiers.append(NotificationReplica(name("notification"), self)) }

    var replicas: [SimulatedReplica] { acceptors + processors + notifiers }

    func kill(_ replica: SimulatedReplica) {
        note("\(replica.name) is killed")
        replica.kill()
        if replica is AcceptReplica { hasLostAcceptor = true }
        dead.append(replica)
        acceptors.removeAll { $0 === replica }
        processors.removeAll { $0 === replica }
        notifiers.removeAll { $0 === replica }
    }

    func liveAcceptor(other: AcceptReplica? = nil) -> AcceptReplica? {
        let others = acceptors.filter { $0 !== other }
        return others.isEmpty ? (other?.isAlive == true ? other : nil) : others.drawn()
    }

    var liveNotifier: NotificationReplica? { notifiers.isEmpty ? nil : notifiers.drawn() }

    /// Somebody else publishes what is no order.
    func publishPoison() async {
        guard broker.server.isUp else { return }
        let body = ["no JSON", "{}", #"{"schemaVersion":1,"orderId":4711}"#].drawn()
        let envelope = Envelope(
            id: "\(Self.poisonID)\(poison + 1)", correlationID: "0197a3f2-5b1c-7d4e-8f60-123456789abc",
            type: OrderEventType.accepted.rawValue, timestamp: UInt64(WallClock.seconds()), appID: "somebody")
        let message = OutboundMessage(
            to: .event(key: OrderTopology.routingKey(of: .accepted)), envelope, body: Array(body.utf8))
        poison += 1
        if await broker.memory.sender().send([message], within: .seconds(1))[0] != nil { poison -= 1 }
        note("a message that is no order: \(body)")
    }

    static let poisonID = "poison-"

    // MARK: Clients

    func request(quantity: Int) throws -> OrderRequest {
        try OrderRequest(checking: [
            UncheckedLine(productID: "AZ-104", quantity: .number(Int64(quantity)))
        ])
    }

    var currencies: [ProductID: Currency] { [ProductID("AZ-104"): .euro] }

    /// Nil while it is not known.
    func owner(of order: Int64) -> UserID? {
        guard let id = OrderID(order), let index = database.tables.index(id) else { return nil }
        return database.tables.orders[index].order.customer
    }

    /// Whether Redis has lost something since.
    func hasLost(since begin: Instant?) -> Bool {
        guard let lossAt, let begin else { return false }
        return lossAt > begin
    }

    /// Whether Redis may lack the copies of an order that was accepted then: it has lost them; or it was away, so that
    /// PostgreSQL took the order, and refused to record it, and the replica that accepted it has not yet written them.
    private func mayLackCopies(of id: OrderID, since begin: Instant?) -> Bool {
        if hasLost(since: begin) { return true }
        let hasLeftIntake =
            database.tables.takenIDs.contains(id)
            && !database.tables.intake.contains { $0.order.orderID == id }
        let isRestored =
            !hasLostAcceptor && !database.mayBeAway && redis.server.wokeAt < Loop.now - Self.restoration
            && !acceptors.contains { $0.redisLink.mendedAt > Loop.now - Self.restoration }
        return hasLeftIntake && !isRestored
    }

    /// Within which copies are written again while all servers answer.
    private static let restoration = Duration.seconds(6)

    /// From a list, which is what the replica can read: an order that is not recorded, and that Redis lacks, is known to the
    /// replica that accepted it alone.
    ///
    /// - Parameter question: when the list was asked for.
    func mayBeMissing(_ id: OrderID, since begin: Instant?, question: Instant) -> Bool {
        let redis = redis.server
        let isAway = !redis.isUp || redis.isSilent || acceptors.contains { $0.redisLink.isCut }
        let wasAway =
            redis.wokeAt >= question || acceptors.contains { $0.redisLink.mendedAt >= question }
        return (isAway || wasAway || mayLackCopies(of: id, since: begin)) && database.tables.index(id) == nil
    }

    /// Asks about an order.
    ///
    /// - Returns: the answer, and whether the order may have been unknown at some time meanwhile: it was not recorded when the
    ///   question was asked, and Redis lacks it.
    func asking<Answer>(
        about id: OrderID, since begin: Instant?, _ question: () async -> Answer
    ) async -> (Answer, mayBeForgotten: Bool) {
        let isUnrecorded = database.tables.index(id) == nil
        let answer = await question()
        return (answer, isUnrecorded && mayLackCopies(of: id, since: begin))
    }

    /// Where an order is, for the timeline.
    func whereabouts(_ id: OrderID) -> String {
        let time = String(format: "%.3f s", seconds(Loop.now))
        guard let index = database.tables.index(id) else {
            let isTaken = database.tables.intake.contains { $0.order.orderID == id }
            let isQueued = redis.state.queued.contains { $0.orderID == id }
            return
                "at \(time) \(isTaken ? "in the intake table" : "not recorded"), \(isQueued ? "queued" : "not queued") in Redis"
        }
        let row = database.tables.orders[index]
        return
            "at \(time) recorded as \(row.order.id) \(row.order.status.wireName)\(row.isDeleted ? ", deleted" : "")"
    }

    func addUsers(_ count: Int, tabs: Int) {
        for number in 1...count {
            let user = UserID("USER-\(number)")!
            shoppers.append(Shopper(user, self))
            for _ in 0..<tabs { self.tabs.append(Tab(user, by: WireProtocol.allCases.drawn(), self)) }
        }
    }

    /// The clients place their orders; returns when they are done.
    func shop(orders: Int) async {
        let tasks = shoppers.map { shopper in Loop.task { await shopper.run(orders: orders) } }
        for task in tasks { await task.value }
        isClosing = true
    }

    func end() async {
        for tab in tabs { await tab.close() }
        for replica in replicas + dead { await replica.end() }
        // They know their world.
        (shoppers, tabs, dead) = ([], [], [])
        (acceptors, processors, notifiers) = ([], [], [])
    }

    func seconds(_ at: Instant) -> Double { timeline.seconds(at) }
}

@Loop
final class SimulatedCatalogue: CatalogueSource {
    let current: Catalogue? = Catalogue([
        Product(
            externalProductID: ProductID("AZ-104"), name: "Azure", category: "Cloud", vendor: "Vendor",
            imageURL: "/az.svg", discount: 10, billingPeriod: .annual, isSubscription: true,
            price: Money(hundredths: 14_095), currency: .euro)
    ])

    func refresh(within limit: Duration) async -> Bool { false }
}
