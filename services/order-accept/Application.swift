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

/// The composition: which live adapter stands behind which port.
@Loop
struct Application {
    let components: [Component]

    init(_ context: ServiceContext) throws {
        let settings = context.settings
        let authorities = settings[ServerKeys.authorities]
        var server = try RedisConfiguration(
            settings[ServerKeys.redis], authorities: authorities, name: context.replica)
        // A request's whole time is short.
        server.commandTimeout = PlacementBudget.state
        let redis = RedisClient(server, endpoint: settings.endpoints(of: server))
        let topology = OrderTopology(kind: settings[ServerKeys.queueType])
        let broker = AMQPClient(
            try AMQPConfiguration(
                settings[ServerKeys.rabbitMQ], authorities: authorities, name: context.replica),
            topology: topology.declarations)
        let database = PostgresConfiguration(settings[AcceptKeys.database], name: context.replica)

        // Reads must not keep intake from its ids.
        let supplies = PostgresPool(database, limits: .catalogueLimits)
        let catalogue = PostgresCatalogue(supplies, log: context.log)
        let identifiers = SequenceOrderIDs(supplies, log: context.log)
        let retention = Retention(workflow: settings[ServerKeys.workflowTTL])
        let state = RedisWorkflowStore(redis, retention)
        let outbox = AMQPPublisher(broker)
        let publisher = EventOrderPublisher(
            AMQPSender(outbox, exchange: topology.exchange), appID: context.name)
        let tokens = try TokenKeys(context)
        let authorizer = RequestAuthorizer(
            tokens.authenticator, limiter: Self.limiter(settings), metrics: context.metrics)

        let intake = AcceptOrder(
            catalogue: catalogue, identifiers: identifiers, state: state, publisher: publisher)
        let keys = RedisIdempotencyStore(redis, retention)
        let compensations = CompensationQueue(state: state, keys: keys)
        compensations.register(context.metrics)
        let records = PostgresPool(database, limits: .queryLimits)
        let queries = PostgresOrderQueries(records)

        Dependencies(
            redis: redis, broker: broker, outbox: outbox, publisher: publisher, catalogue: catalogue,
            identifiers: identifiers
        ).register(context)
        components = [
            Component("tokens", run: tokens.run),
            Component("redis", run: { await redis.run() }),
            Component("rabbitmq", run: { await broker.run() }),
            Component("loose ends", run: { await compensations.run() }),
            Component("catalogue", run: { await catalogue.run() }),
            Component("ids", run: { await identifiers.run() }, drain: { _ in await supplies.close() }),
            Component("records", drain: { _ in await records.close() }),
            .http(context) { edge in
                DescriptionRoute().add(to: edge)
                ProductRoutes(authorizer: authorizer, catalogue: catalogue).add(to: edge)
                PlacementRoutes(
                    authorizer: authorizer,
                    placement: IdempotentOrderPlacement(intake, keys: keys, compensations: compensations),
                    metrics: PlacementMetrics(context.metrics), log: context.log
                ).add(to: edge)
                OrderRoutes(
                    authorizer: authorizer, reading: ReadOrders(state: state, queries: queries),
                    cancelling: CancelOrder(state: state, queries: queries),
                    deleting: DeleteOrder(state: state, queries: queries), log: context.log
                ).add(to: edge)
            },
        ]
    }

    private static func limiter(_ settings: Settings) -> RateLimiter? {
        let rate = settings[AcceptKeys.rate]
        guard rate > 0 else { return nil }
        return RateLimiter(TokenBucket.Limit(rate: rate, burst: settings[AcceptKeys.burst]))
    }
}

extension PostgresPoolLimits {
    /// For reads: a few sessions, and authorizer that would wait longer than they care for an answer are sent away.
    static var queryLimits: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 4
        limits.wait = .seconds(1)
        return limits
    }

    static var catalogueLimits: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 1
        limits.wait = .seconds(2)
        return limits
    }
}
