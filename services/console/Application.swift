import AMQP
import EventLoop
import HTTP
import Identity
import Messaging
import Observability
import OrderRecords
import Postgres
import Redis
import Service

/// Composes the service: the adapter behind each port, and the services in the order of their start.
@Loop
struct Application {
    let services: ServiceList

    init(_ context: ServiceContext) throws {
        let settings = context.settings
        // It only reads.
        let redisServers = try RedisServers(settings, name: context.replica) { $0.requiresPrimary = false }
        let redis = redisServers.commands()
        // Declares nothing: the queues belong to other services.
        let broker = AMQPClient(
            try settings.rabbitMQ(name: context.replica))
        let publisher = AMQPPublisher(broker)
        var limits = PostgresPoolLimits()
        limits.size = 2
        limits.wait = .seconds(1)
        let pool = PostgresPool(
            Self.database(context.database(ConsoleKeys.database), context.replica), limits: limits)
        let tokens = try TokenKeys(context)

        let subscribers = StatusSubscribers()
        let replicas = ServiceReplicas(ConsoleKeys.replicas(settings[ConsoleKeys.targets]))
        let queues = QueueDepths(broker)
        let registry = ReplicaRegistry(redis)
        let system = SystemReader(
            queues: queues, records: RecordState(pool: pool), registry: registry,
            services: ServiceProbe(replicas: replicas), waiting: WaitingOrders(redis))
        let lookup = OrderLookup(pool: pool)
        let copies = RememberedOrders(redis)
        let audit = AuditLog(pool: pool, log: context.log)
        let deadLetters: @Loop (OrderTopology.WorkQueue) -> DeadLetterQueue = {
            DeadLetterQueue(of: $0.rawValue, broker, publisher)
        }
        let explanation = ExplainOrder(
            lookup: lookup, copies: copies,
            traces: TraceCollector(replicas: replicas),
            queues: queues,
            deadLetters: deadLetters, registry: registry)
        let log = OrderEventFeed(pool)
        let status = StatusBroadcaster(
            subscribers, system, log, StatusMetrics(context.metrics), context.log)
        let faults = settings[ConsoleKeys.stack].map { FaultInjection(stack: $0) }

        Dependencies(redis: redis, broker: broker, pool: pool).register(context)
        services = [
            "traces": try TraceExport(context),
            "tokens": tokens, "redis servers": redisServers.discovery, "redis": redis, "rabbitmq": broker,
            "records": pool,
            "status": status,
            "http": HTTPService(context) { router in
                let operatorGuard = OperatorGuard(
                    tokens.authenticator, origins: settings[ServiceKeys.origins])
                StatusRoutes(
                    operatorGuard: operatorGuard, subscribers: subscribers, status: status, log: log,
                    hasFaultInjection: faults != nil
                ).add(to: router)
                ExplanationRoutes(
                    operatorGuard: operatorGuard, search: OrderSearch(pool: pool), explanation: explanation
                ).add(to: router)
                DeadLetterRoutes(
                    operatorGuard: operatorGuard, audit: audit, lookup: lookup, copies: copies,
                    deadLetters: deadLetters
                ).add(to: router)
                SessionRoutes(
                    operatorGuard: operatorGuard, registry: registry, replicas: replicas, audit: audit
                ).add(to: router)
                AuditRoutes(operatorGuard: operatorGuard, audit: audit).add(to: router)
                if let faults {
                    FaultRoutes(operatorGuard: operatorGuard, faultInjection: faults, audit: audit).add(
                        to: router)
                }
            },
        ]
    }

    private static func database(_ url: ConnectionURL, _ name: String) -> PostgresConfiguration {
        var configuration = PostgresConfiguration(
            endpoints: url.endpoints, user: url.user ?? "waybill_operator",
            password: url.password?.reveal(), database: url.path)
        configuration.applicationName = name
        configuration.connectTimeout = .seconds(2)
        configuration.queryTimeout = .seconds(2)
        configuration.statementTimeout = .seconds(2)
        configuration.options = url.query
        return configuration
    }
}
