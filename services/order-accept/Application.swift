import AMQP
import EventLoop
import HTTP
import Identity
import Messaging
import Observability
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
        let hedgeDelay = Duration.milliseconds(settings[AcceptKeys.hedgeDelay])
        // Then PostgreSQL answers instead.
        let redisServers = try RedisServers(settings, name: context.replica) {
            $0.commandTimeout = hedgeDelay
        }
        let redis = redisServers.commands()
        let topology = OrderTopology(kind: settings[ServerKeys.queueType])
        let broker = AMQPClient(
            try settings.rabbitMQ(name: context.replica),
            topology: topology.declarations)
        let confirms = AMQPPublisher(broker)
        let publisher = EventPublisher(
            AMQPSender(confirms, exchange: topology.exchange), appID: context.name, tracer: context.tracer)
        let database = PostgresConfiguration(context.database(AcceptKeys.database), name: context.replica)
        // A pool of its own, so that reads do not delay order ids.
        let referencePool = PostgresPool(database, limits: .reference)
        let queryPool = PostgresPool(database, limits: .queries)
        let intakePool = PostgresPool(database, limits: .intake)
        let tokens = try TokenKeys(context)

        let retention = Retention(workflow: settings[ServerKeys.workflowTTL])
        let state = RedisWorkflowStore(redis, retention)
        let keys = RedisIdempotencyStore(redis, retention)
        let catalogue = PostgresCatalogue(referencePool, log: context.log)
        let orderIDs = SequenceOrderIDs(referencePool, log: context.log)
        let queries = PostgresOrderQueries(queryPool)
        let intake = PostgresOrderIntake(intakePool)
        let metrics = PlacementMetrics(context.metrics)
        let recent = RecentOrders()
        let pending = PendingOrders(state: state, recent: recent)
        let placement = IdempotentOrderPlacement(
            AcceptOrder(
                catalogue: catalogue, identifiers: orderIDs, state: state, publisher: publisher,
                intake: intake, recent: recent, hedgeDelay: hedgeDelay, metrics: metrics,
                tracer: context.tracer),
            keys: keys, queries: queries, lookupTime: hedgeDelay)
        let authorizer = RequestAuthorizer(
            tokens.authenticator,
            limiter: UserRateLimiter(settings[AcceptKeys.rate], burst: settings[AcceptKeys.burst]),
            readLimiter: UserRateLimiter(
                settings[AcceptKeys.readRate], burst: settings[AcceptKeys.readBurst]),
            metrics: context.metrics)
        let renewal = QueuedOrderRenewal(
            state, queries, recent: recent, lifetime: retention.workflow, log: context.log)

        Dependencies(
            redis: redis, broker: broker, confirms: confirms, publisher: publisher, catalogue: catalogue,
            orderIDs: orderIDs, intake: intake,
            pools: ["intake": intakePool, "reference": referencePool, "queries": queryPool]
        ).register(context)
        services = [
            "traces": try TraceExport(context),
            "tokens": tokens, "redis servers": redisServers.discovery, "redis": redis, "rabbitmq": broker,
            "reference pool": referencePool,
            "catalogue": catalogue, "order ids": orderIDs, "query pool": queryPool, "intake pool": intakePool,
            "first data": FirstData(catalogue: catalogue, orderIDs: orderIDs),
            "queued order renewal": renewal,
            "http": HTTPService(context) { router in
                DescriptionRoute().add(to: router)
                ProductRoutes(authorizer: authorizer, catalogue: catalogue).add(to: router)
                PlacementRoutes(
                    authorizer: authorizer, placement: placement, metrics: metrics, log: context.log
                ).add(to: router)
                OrderRoutes(
                    authorizer: authorizer, reading: ReadOrders(pending: pending, queries: queries),
                    cancelling: CancelOrder(pending: pending, queries: queries, publisher: publisher),
                    log: context.log
                ).add(to: router)
            },
        ]
    }
}

extension UserRateLimiter {
    /// Nil for no limit.
    convenience init?(_ rate: Int, burst: Int) {
        guard rate > 0 else { return nil }
        self.init(RateLimit(burst: burst, perSecond: rate))
    }
}

extension PostgresPoolLimits {
    /// For queries: a caller that would wait longer is answered 503.
    static var queries: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 4
        limits.wait = .seconds(1)
        return limits
    }

    /// For the intake table: one writer, which nothing else delays.
    static var intake: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 1
        limits.wait = .milliseconds(500)
        return limits
    }

    /// For the catalogue and order ids.
    static var reference: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 1
        limits.wait = .seconds(2)
        return limits
    }
}
