import EventLoop
import Messaging
import Observability
import Orders
import WorkflowState

@testable import OrderAccept

/// A replica of order-accept: its use cases over the simulated servers.
@Loop
final class AcceptReplica: SimulatedReplica {
    private(set) var placement: IdempotentOrderPlacement!
    private(set) var cancel: CancelOrder!
    private(set) var read: ReadOrders!
    let recent = RecentOrders()

    override init(_ name: String, _ world: World) {
        super.init(name, world)
        let workflows = SimulatedWorkflows(world.redis, redisLink)
        let queries = SimulatedQueries(world.database, databaseLink)
        let publisher = EventPublisher(SimulatedSender(world.broker, brokerLink), appID: "order-accept")
        let pending = PendingOrders(state: workflows, recent: recent)
        let skew = world.clockSkew()
        let clock: @Loop () -> Timestamp = {
            Timestamp(milliseconds: WallClock.milliseconds() + skew)
        }
        let accept = AcceptOrder(
            catalogue: world.catalogue, identifiers: SimulatedIdentifiers(world.database), state: workflows,
            publisher: publisher, intake: queries, recent: recent, random: { LoopRandom.next() }, clock: clock
        )
        placement = IdempotentOrderPlacement(
            accept, keys: SimulatedKeys(world.redis, redisLink), queries: queries)
        cancel = CancelOrder(pending: pending, queries: queries, publisher: publisher, clock: clock)
        read = ReadOrders(pending: pending, queries: queries, clock: clock)
        let renewal = QueuedOrderRenewal(
            workflows, queries, recent: recent, lifetime: world.retention.workflow)
        run {
            await renewal.start()
            try await renewal.run()
        }
    }
}
