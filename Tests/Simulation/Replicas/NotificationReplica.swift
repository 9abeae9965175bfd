import EventLoop
import Identity
import JOSE
import Messaging
import Observability
import OrderRecords
import Orders
import WorkflowState

@testable import OrderNotification

/// A replica of order-notification: the pipelines of outcomes, subscriptions and sessions.
@Loop
final class NotificationReplica: SimulatedReplica {
    private var sources: [SimulatedSource] = []
    private var channels: SimulatedChannels!
    private var sessions: SessionRegistry!
    private(set) var subscriptions: SubscriptionRegistry!
    private var tabs: [Tab] = []

    override init(_ name: String, _ world: World) {
        super.init(name, world)
        let workflows = SimulatedWorkflows(world.redis, redisLink)
        let mailboxes = SimulatedMailboxes(world.redis, redisLink)
        let records = SimulatedRecords(world.database, databaseLink)
        let metrics = NotificationMetrics(Metrics())
        let tasks = TaskTracker()
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "simulation", replica: name), format: .json),
            level: .critical)
        channels = SimulatedChannels(world.redis, redisLink)
        subscriptions = SubscriptionRegistry(
            mailboxes: mailboxes, channels: channels, metrics: metrics, log: log, tasks: tasks)
        sessions = SessionRegistry(
            replica: name, subscriptions: subscriptions, workflows: workflows, owners: records,
            authenticator: world.authenticator, metrics: metrics, log: log, tasks: tasks)
        run { [sessions] in try await sessions!.run() }
        let sender = SimulatedSender(world.broker, brokerLink)
        let handler = OutcomeHandler(
            workflows: workflows, mailboxes: mailboxes, owners: records, metrics: metrics)
        for queue in [OrderTopology.WorkQueue.processed, .failed] {
            for name in [queue.rawValue, OrderTopology.deadQueue(of: queue.rawValue)] {
                let source = world.broker.source(of: name, brokerLink)
                sources.append(source)
                let pipeline = ConsumePipeline(
                    queue: queue.rawValue, from: source, to: sender, decoder: OrderOutcome.decoder,
                    handler: handler)
                run { try await pipeline.run() }
            }
        }
    }

    /// The session of a tab's connection.
    func open(_ tab: Tab, as user: UserID, from start: ResumePoint) -> Session {
        let principal = Principal(userID: user, expiresAt: WallClock.seconds() + 86_400)
        tabs.append(tab)
        return Session(
            tab.wireProtocol, sessions, HandshakeContext(.principal(principal), start), address: nil)
    }

    override func reconnected(_ link: Link) {
        if link === brokerLink { for source in sources { source.reconnect() } }
        if link === redisLink { channels.renew() }
    }

    override func disappear() async {
        await super.disappear()
        channels.close()
        for source in sources {
            await source.stop()
            world.broker.remove(source)
        }
        for tab in tabs { tab.lost(self) }
        tabs = []
    }

    override func end() async {
        await super.end()
        await sessions.tasks.cancel()
        (channels.onMessage, channels.onRestored) = (nil, nil)
    }
}
