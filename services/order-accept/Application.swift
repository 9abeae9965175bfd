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
        server.commandTimeout = IntakeBudget.state
        let redis = RedisClient(server, endpoint: settings.endpoints(of: server))
        let topology = OrderTopology(kind: settings[ServerKeys.queueType])
        let broker = AMQPClient(
            try AMQPConfiguration(
                settings[ServerKeys.rabbitMQ], authorities: authorities, name: context.replica),
            topology: topology.declarations)
        let database = PostgresConfiguration(settings[AcceptKeys.database], name: context.replica)

        // Reads must not keep intake from its ids.
        let supplies = PostgresPool(database, limits: .supplies)
        let catalogue = PostgresCatalogue(supplies, log: context.log)
        let identifiers = SequenceIdentifiers(supplies, log: context.log)
        let lifetimes = Lifetimes(workflow: settings[ServerKeys.workflowTTL])
        let state = RedisWorkflowStore(redis, lifetimes)
        let outbox = AMQPPublisher(broker)
        let publisher = EventOrderPublisher(
            AMQPSender(outbox, exchange: topology.exchange), appID: context.name)
        let tokens = try TokenKeys(context)
        let callers = Callers(
            tokens.authenticator, limiter: Self.limiter(settings), metrics: context.metrics)

        let intake = AcceptOrder(
            catalogue: catalogue, identifiers: identifiers, state: state, publisher: publisher)
        let keys = RedisIdempotencyStore(redis, lifetimes)
        let looseEnds = LooseEnds(state: state, keys: keys)
        looseEnds.watch(context.metrics)
        let records = PostgresPool(database, limits: .records)
        let archive = PostgresArchive(records)

        Ground(
            redis: redis, broker: broker, outbox: outbox, publisher: publisher, catalogue: catalogue,
            identifiers: identifiers
        ).watch(context)
        components = [
            Component("tokens", run: tokens.run),
            Component("redis", run: { await redis.run() }),
            Component("rabbitmq", run: { await broker.run() }),
            Component("loose ends", run: { await looseEnds.run() }),
            Component("catalogue", run: { await catalogue.run() }),
            Component("ids", run: { await identifiers.run() }, drain: { _ in await supplies.close() }),
            Component("records", drain: { _ in await records.close() }),
            .http(context) { edge in
                DescriptionRoute().add(to: edge)
                ProductRoutes(callers: callers, catalogue: catalogue).add(to: edge)
                IntakeRoutes(
                    callers: callers,
                    placing: PlaceOrder(intake, keys: keys, looseEnds: looseEnds),
                    metrics: IntakeMetrics(context.metrics), log: context.log
                ).add(to: edge)
                OrderRoutes(
                    callers: callers, reading: ReadOrders(state: state, archive: archive),
                    cancelling: CancelOrder(state: state, archive: archive),
                    deleting: DeleteOrder(state: state, archive: archive), log: context.log
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
    /// For reads: a few sessions, and callers that would wait longer than they care for an answer are sent away.
    static var records: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 4
        limits.wait = .seconds(1)
        return limits
    }

    static var supplies: PostgresPoolLimits {
        var limits = PostgresPoolLimits()
        limits.size = 1
        limits.wait = .seconds(2)
        return limits
    }
}
