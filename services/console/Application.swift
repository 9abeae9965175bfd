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
        let snapshot = StatusSnapshot(
            queues: QueueDepths(broker), outbox: PostgresOutbox(pool), registry: ReplicaRegistry(redis),
            targets: MetricsScraper(settings[ConsoleKeys.targets]))
        let log = OrderEventFeed(pool)
        let faults = settings[ConsoleKeys.stack].map { FaultInjection(stack: $0) }

        Dependencies(redis: redis, broker: broker).register(context)
        services = [
            "tokens": tokens, "redis servers": redisServers.discovery, "redis": redis, "rabbitmq": broker,
            "records": pool,
            "status": StatusBroadcaster(subscribers, snapshot, log, context.log),
            "http": HTTPService(context) { router in
                let operatorGuard = OperatorGuard(
                    tokens.authenticator, origins: settings[ServiceKeys.origins])
                StatusRoutes(
                    operatorGuard: operatorGuard, subscribers: subscribers, log: log,
                    hasFaultInjection: faults != nil
                ).add(to: router)
                DeadLetterRoutes(
                    operatorGuard: operatorGuard, client: broker, publisher: publisher, log: context.log
                )
                .add(to: router)
                if let faults {
                    FaultRoutes(operatorGuard: operatorGuard, faultInjection: faults, log: context.log).add(
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
