import AMQP
import EventLoop
import HTTP
import Identity
import JOSE
import Messaging
import Observability
import Orders
import Redis
import Service
import WorkflowState

/// Puts the notifier together: the one place that knows the live adapters.
@Loop
struct Application {
    private let context: ServiceContext
    private let client: RedisClient
    private let subscriber: RedisSubscriber
    private let channels: RedisUserChannels
    private let mailboxes: RedisMailboxStore
    private let workflows: RedisWorkflowStore
    private let metrics: NotificationMetrics
    private let tasks = TaskTracker()
    private let tokens: TokenKeys
    private let sessions: SessionRegistry
    private let consumers: OutcomeConsumers

    init(_ context: ServiceContext) throws {
        self.context = context
        let settings = context.settings
        let redis = try RedisConfiguration(
            settings[ServerKeys.redis], authorities: settings[ServerKeys.authorities], name: context.replica)
        let endpoints = settings.endpoints(of: redis)
        client = RedisClient(redis, endpoint: endpoints)
        subscriber = RedisSubscriber(redis, endpoint: endpoints)
        channels = RedisUserChannels(subscriber)
        let retention = Retention(workflow: settings[ServerKeys.workflowTTL])
        mailboxes = RedisMailboxStore(client, retention)
        workflows = RedisWorkflowStore(client, retention)
        metrics = NotificationMetrics(context.metrics)
        let limits = SessionLimits(settings)
        var policy = SubscriptionRegistry.Policy()
        policy.sessionsPerUser = limits.sessionsPerUser
        policy.deliversEphemeral = settings[NotificationKeys.processing]
        tokens = try TokenKeys(context)
        let subscriptions = SubscriptionRegistry(
            mailboxes: mailboxes, channels: channels, policy: policy, metrics: metrics, log: context.log,
            tasks: tasks)
        sessions = SessionRegistry(
            replica: context.replica, limits: limits, subscriptions: subscriptions, workflows: workflows,
            authenticator: tokens.authenticator, metrics: metrics, log: context.log, tasks: tasks,
            leeway: tokens.leeway)
        let broker = try AMQPConfiguration(
            settings[ServerKeys.rabbitMQ], authorities: settings[ServerKeys.authorities],
            name: context.replica)
        consumers = OutcomeConsumers(
            broker, OrderTopology(kind: settings[ServerKeys.queueType]),
            OutcomeDelivery(workflows: workflows, mailboxes: mailboxes, metrics: metrics), context)
    }

    /// Where sentinels say who holds the data, it may be another server at each connection.
    private func followPrimary() {
        guard !context.settings[ServerKeys.sentinels].isEmpty else { return }
        client.onStateChange = { [sessions] state in
            if case .up(let endpoint) = state { sessions.subscriptions.primaryChanged(by: endpoint.description) }
        }
    }

    /// In the order of their start. What drains first comes last: the consumer, then the sessions.
    func components() throws -> [Component] {
        observe()
        followPrimary()
        return [
            Component("tokens", run: tokens.run),
            Component("redis", run: { [client] in await client.run() }),
            Component("channels", run: { [subscriber] in await subscriber.run() }),
            clock(), presence(), try http(),
        ] + consumers.components
    }

    private func clock() -> Component {
        Component(
            "sessions",
            run: { [sessions] in
                while !Task.isCancelled {
                    try await Loop.sleep(for: .seconds(1))
                    sessions.tick()
                }
            },
            drain: { [tasks] _ in await tasks.end() })
    }

    private func presence() -> Component {
        let presence = Presence(
            client, sessions, address: context.listen.description,
            startedAt: Timestamp(milliseconds: WallClock.milliseconds()).description, log: context.log)
        return Component(
            "presence", run: { await presence.run() }, drain: { _ in await presence.unregister() })
    }

    private func http() throws -> Component {
        let routes = SocketRoutes(handshakeGuard: HandshakeGuard(sessions: sessions, origins: context.settings[NotificationKeys.origins]))
        let tokens = try developmentTokens()
        var configuration = HTTPServer.Configuration()
        configuration.streamLimit = sessions.limits.output
        configuration.maxConnections = 60_000
        return .http(context, configuration) { edge in
            routes.add(to: edge)
            tokens?.add(to: edge)
        }
    }

    private func developmentTokens() throws -> DevelopmentTokens? {
        let settings = context.settings
        guard context.profile == .development, let secret = settings[TokenSettings.secret] else { return nil }
        return DevelopmentTokens(
            issuer: TokenIssuer(
                key: try .hmac(secret: Array(secret.reveal().utf8)), issuer: settings[TokenSettings.issuer],
                audience: settings[TokenSettings.audience]))
    }

    private func observe() {
        let health = context.health
        health.addCheck("redis", holds: { [client] in client.state.isUp })
        health.addCheck("redis.channels", holds: { [subscriber] in subscriber.state.isUp })
        health.addCheck("rabbitmq", holds: { [consumers] in consumers.isConnected })
        health.addCheck("messages.waiting", holds: { [consumers] in !consumers.isWaitingForDependency })
        let metrics = context.metrics
        for wireProtocol in WireProtocol.allCases {
            metrics.gauge("waybill_notification_sessions", "Open sessions.", labels: ["protocol": wireProtocol.name]) {
                [sessions] in
                Double(sessions.counts[Int(wireProtocol.rawValue)])
            }
        }
        metrics.gauge("waybill_notification_users", "Users whose channels are listened to.") { [sessions] in
            Double(sessions.subscriptions.count)
        }
        metrics.gauge("waybill_notification_pending_output_bytes", "Bytes written to sessions that clients have not taken.") {
            [sessions] in
            Double(sessions.pendingOutput)
        }
        metrics.counter("waybill_notification_malformed_messages_total", "Messages on users' channels that were dropped.") {
            [channels] in
            Double(channels.malformed)
        }
    }
}
