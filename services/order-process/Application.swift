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

/// The composition: which live adapter stands behind which port.
@Loop
struct Application {
    let components: [Component]

    init(_ context: ServiceContext) throws {
        let settings = context.settings
        let authorities = settings[ServerKeys.authorities]
        let topology = OrderTopology(kind: settings[ServerKeys.queueType])
        let server = try RedisConfiguration(
            settings[ServerKeys.redis], authorities: authorities, name: context.replica)
        let redis = RedisClient(server, endpoint: settings.endpoints(of: server))
        let broker = try AMQPConfiguration(
            settings[ServerKeys.rabbitMQ], authorities: authorities, name: context.replica)
        // A broker in alarm stops reading from connections that publish, acks included.
        let publishing = AMQPClient(broker, topology: topology.declarations)
        let consuming = AMQPClient(broker, topology: topology.declarations)
        let database = RecordDatabase(
            PostgresConfiguration(settings[ProcessKeys.database], name: context.replica), log: context.log)

        let sender = AMQPSender(AMQPPublisher(publishing), exchange: topology.exchange)
        let publisher = EventPublisher(sender, appID: context.name)
        let store = PostgresOrderStore(database.pool)
        let process = ProcessOrders(
            store: store,
            workflow: RedisWorkflowStore(redis, Retention(workflow: settings[ServerKeys.workflowTTL])),
            publisher: publisher, publishesProcessing: settings[ProcessKeys.notifyProcessing],
            metrics: ProcessingMetrics(context.metrics))
        let intake = OrderConsumer(
            database, consuming, topology, sender: sender, handler: process, log: context.log,
            metrics: context.metrics)
        let relay = OutboxRelay(
            PostgresOutbox(database.pool), publisher, log: context.log, metrics: context.metrics)

        let views = ReadModelUpdater(ReadModels(database.pool), log: context.log, metrics: context.metrics)

        Self.watch(context, redis, publishing, consuming, database, intake)
        components = [
            Component("redis", run: { await redis.run() }),
            Component("publishing", run: { await publishing.run() }),
            Component("consuming", run: { await consuming.run() }),
            Component(
                "database", run: { try await database.run() },
                drain: { _ in
                    await store.flush()
                    await database.pool.close()
                }),
            Component(
                "outbox",
                run: {
                    await database.ready.wait()
                    await relay.run()
                    try? await Loop.sleepUntilCancelled()
                }),
            Component(
                "views",
                run: {
                    await database.ready.wait()
                    await views.run()
                    try? await Loop.sleepUntilCancelled()
                }),
            Component("intake", run: { await intake.run() }, drain: { _ in await intake.stop() }),
            .http(context),
        ]
    }
}
