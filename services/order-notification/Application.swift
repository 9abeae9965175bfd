import AMQP
import EventLoop
import HTTP
import Identity
import JOSE
import Messaging
import Observability
import OrderRecords
import Orders
import Postgres
import Redis
import Service
import WorkflowState

/// The composition: which live adapter stands behind which port, and the services in the order of their start.
@Loop
struct Application {
    let services: ServiceList

    init(_ context: ServiceContext) throws {
        let settings = context.settings
        let redisServers = try RedisServers(settings, name: context.replica)
        let redis = redisServers.commands()
        let subscriber = redisServers.channels()
        let channels = RedisUserChannels(subscriber)
        let retention = Retention(workflow: settings[ServerKeys.workflowTTL])
        let mailboxes = RedisMailboxStore(redis, retention)
        let workflows = RedisWorkflowStore(redis, retention)
        let topology = OrderTopology(kind: settings[ServerKeys.queueType])
        let broker = try settings.rabbitMQ(name: context.replica)
        let publishing = AMQPClient(broker, topology: topology.declarations)
        let consuming = AMQPClient(broker, topology: topology.declarations)
        let tokens = try TokenKeys(context)
        let database = PostgresConfiguration(
            context.database(NotificationKeys.database), name: context.replica)
        let records = PostgresPool(database, limits: .owners)
        // A pool of its own, so that clients' questions do not delay outcomes.
        let lookups = PostgresPool(database, limits: .lookups)

        let metrics = NotificationMetrics(context.metrics)
        let limits = SessionLimits(settings)
        let tasks = TaskTracker()
        let subscriptions = SubscriptionRegistry(
            mailboxes: mailboxes, channels: channels, policy: SubscriptionRegistry.Policy(settings),
            metrics: metrics, log: context.log, tasks: tasks)
        let sessions = SessionRegistry(
            replica: context.replica, limits: limits, subscriptions: subscriptions, workflows: workflows,
            owners: PostgresOrderOwners(lookups),
            authenticator: tokens.authenticator, metrics: metrics, tracer: context.tracer, log: context.log,
            tasks: tasks,
            leeway: tokens.leeway)
        let outcomes = OutcomeConsumers(
            consuming, topology, sender: AMQPSender(AMQPPublisher(publishing), exchange: topology.exchange),
            OutcomeHandler(
                workflows: workflows, mailboxes: mailboxes, owners: PostgresOrderOwners(records),
                metrics: metrics, tracer: context.tracer),
            context)

        Dependencies(
            redis: redis, subscriber: subscriber, channels: channels, publishing: publishing,
            consuming: consuming,
            outcomes: outcomes, sessions: sessions, records: records, lookups: lookups
        ).register(context)
        let routes = SocketRoutes(
            handshakeGuard: HandshakeGuard(sessions: sessions, origins: settings[ServiceKeys.origins]))
        let operatorRoutes = OperatorRoutes(sessions: sessions)
        let developmentTokens = try DevelopmentTokens(context)
        services = [
            "traces": try TraceExport(context),
            "tokens": tokens, "redis servers": redisServers.discovery, "redis": redis, "channels": subscriber,
            "records": records, "lookups": lookups,
            "sessions": sessions,
            "presence": Presence(redis, sessions, address: context.listen.description, log: context.log),
            "http": HTTPService(context, HTTPServer.Configuration(limits)) { router in
                routes.add(to: router)
                operatorRoutes.add(to: router)
                developmentTokens?.add(to: router)
            },
            "publishing": publishing, "consuming": consuming, "outcomes": outcomes,
        ]
    }
}

extension PostgresPoolLimits {
    /// For orders that Redis has forgotten and clients ask for.
    fileprivate static var lookups: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 1
        limits.wait = .milliseconds(500)
        return limits
    }

    /// For owners that Redis has forgotten.
    fileprivate static var owners: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 1
        limits.wait = .seconds(2)
        return limits
    }
}

extension HTTPServer.Configuration {
    fileprivate init(_ limits: SessionLimits) {
        self.init()
        streamLimit = limits.output
        maxConnections = 60_000
    }
}
