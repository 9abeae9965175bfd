import AMQP
import EventLoop
import HTTP
import Messaging
import Observability
import OrderEvents
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
        let topology = OrderTopology(kind: settings[ServerKeys.queueType])
        let redisServers = try RedisServers(settings, name: context.replica)
        let redis = redisServers.commands()
        let broker = try settings.rabbitMQ(name: context.replica)
        let publishing = AMQPClient(broker, topology: topology.declarations)
        let consuming = AMQPClient(broker, topology: topology.declarations)
        let database = RecordDatabase(
            PostgresConfiguration(context.database(ProcessKeys.database), name: context.replica),
            log: context.log)
        let sender = AMQPSender(AMQPPublisher(publishing), exchange: topology.exchange)
        let publisher = EventPublisher(sender, appID: context.name, tracer: context.tracer)
        let store = PostgresOrderStore(database.pool)
        let workflow = RedisWorkflowStore(redis, Retention(workflow: settings[ServerKeys.workflowTTL]))
        let handler = ProcessOrders(
            store: store, workflow: workflow, publisher: publisher,
            publishesProcessing: settings[ProcessKeys.notifyProcessing],
            metrics: ProcessingMetrics(context.metrics), tracer: context.tracer, log: context.log)
        let consumer = OrderConsumer(
            database, consuming, topology, sender: sender, handler: handler, log: context.log,
            metrics: context.metrics, tracer: context.tracer)
        let intake = IntakeConsumer(
            PostgresIntake(database.pool), handler: handler, publisher: publisher, after: database.ready,
            log: context.log, metrics: context.metrics)
        let relay = OutboxRelay(
            PostgresOutbox(database.pool), publisher, after: database.ready, log: context.log,
            metrics: context.metrics)
        let readModels = ReadModelUpdater(
            ReadModels(database.pool), after: database.ready, log: context.log, metrics: context.metrics)
        let maintenance = EventLogMaintenance(
            EventLogPartitions(database.pool), retention: settings[ProcessKeys.eventRetention],
            after: database.ready, log: context.log)

        Dependencies(
            redis: redis, publishing: publishing, consuming: consuming, database: database, consumer: consumer
        ).register(context)
        services = [
            "traces": try TraceExport(context),
            "redis servers": redisServers.discovery, "redis": redis, "publishing": publishing,
            "consuming": consuming,
            "database": database,
            "records": store, "outbox relay": relay, "read models": readModels,
            "event log": maintenance, "intake": intake,
            "consumer": consumer,
            "http": HTTPService(context),
        ]
    }
}
