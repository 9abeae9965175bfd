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
    private let tally: Tally
    private let chores = Chores()
    private let tokens: TokenKeys
    private let sessions: Sessions
    private let news: NewsFeed

    init(_ context: ServiceContext) throws {
        self.context = context
        let settings = context.settings
        let redis = try RedisConfiguration(
            settings[ServerKeys.redis], authorities: settings[ServerKeys.authorities], name: context.replica)
        let endpoints = settings.endpoints(of: redis)
        client = RedisClient(redis, endpoint: endpoints)
        subscriber = RedisSubscriber(redis, endpoint: endpoints)
        channels = RedisUserChannels(subscriber)
        let lifetimes = Lifetimes(workflow: settings[ServerKeys.workflowTTL])
        mailboxes = RedisMailboxStore(client, lifetimes)
        workflows = RedisWorkflowStore(client, lifetimes)
        tally = Tally(context.metrics)
        let limits = Limits(settings)
        var policy = Audiences.Policy()
        policy.sessionsPerUser = limits.sessionsPerUser
        policy.deliversEphemeral = settings[Keys.processing]
        tokens = try TokenKeys(context)
        let audiences = Audiences(
            mailboxes: mailboxes, channels: channels, policy: policy, tally: tally, log: context.log,
            chores: chores)
        sessions = Sessions(
            replica: context.replica, limits: limits, audiences: audiences, workflows: workflows,
            authenticator: tokens.authenticator, tally: tally, log: context.log, chores: chores,
            leeway: tokens.leeway)
        let broker = try AMQPConfiguration(
            settings[ServerKeys.rabbitMQ], authorities: settings[ServerKeys.authorities],
            name: context.replica)
        news = NewsFeed(
            broker, OrderTopology(kind: settings[ServerKeys.queueType]),
            NotifyUsers(workflows: workflows, mailboxes: mailboxes, tally: tally), context)
    }

    /// Where sentinels say who holds the data, it may be another server at each connection.
    private func followPrimary() {
        guard !context.settings[ServerKeys.sentinels].isEmpty else { return }
        client.onStateChange = { [sessions] state in
            if case .up(let endpoint) = state { sessions.audiences.areHeld(by: endpoint.description) }
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
        ] + news.components
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
            drain: { [chores] _ in await chores.end() })
    }

    private func presence() -> Component {
        let presence = Presence(
            client, sessions, address: context.listen.description,
            startedAt: Timestamp(milliseconds: WallClock.milliseconds()).description, log: context.log)
        return Component(
            "presence", run: { await presence.run() }, drain: { _ in await presence.withdraw() })
    }

    private func http() throws -> Component {
        let routes = SocketRoutes(door: Door(sessions: sessions, origins: context.settings[Keys.origins]))
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
        health.addCheck("rabbitmq", holds: { [news] in news.isConnected })
        health.addCheck("rabbitmq.held-up", holds: { [news] in !news.isHeldUp })
        let metrics = context.metrics
        for dialect in Dialect.allCases {
            metrics.gauge("notify_sessions", "Open sessions.", labels: ["protocol": dialect.name]) {
                [sessions] in
                Double(sessions.counts[Int(dialect.rawValue)])
            }
        }
        metrics.gauge("notify_users", "Users whose channels are listened to.") { [sessions] in
            Double(sessions.audiences.count)
        }
        metrics.gauge("notify_queue_bytes", "Bytes written to sessions that clients have not taken.") {
            [sessions] in
            Double(sessions.pendingOutput)
        }
        metrics.counter("notify_malformed_wakeups_total", "Messages on users' channels that were dropped.") {
            [channels] in
            Double(channels.malformed)
        }
    }
}
