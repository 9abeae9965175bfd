import AMQP
import EventLoop
import Observability
import Redis
import Service

/// What order-process depends on, for readiness and metrics.
@Loop
struct Dependencies {
    let redis: any RedisCommands
    let publishing: AMQPClient
    let consuming: AMQPClient
    let database: RecordDatabase
    let consumer: OrderConsumer

    func register(_ context: ServiceContext) {
        let health = context.health
        let postgres = ServerReport("postgres", context) { database.problem }
        database.onChange = { postgres.update() }
        // Orders are recorded without it; its copies follow.
        ServerReport.redis(redis, context, isEssential: { false })
        ServerReport.rabbitMQ([publishing, consuming], context)
        // The relay publishes later.
        health.addCheck("rabbitmq.blocked", isEssential: { false }, holds: { !publishing.isBlocked })
        health.addCheck(
            "rabbitmq.topology", isEssential: { false }, reason: { TopologyDifference.reason(consuming) })
        health.addCheck("messages.waiting", holds: { !consumer.isWaitingForDependency })

        let metrics = context.metrics
        metrics.describe(database.pool, "records")
        metrics.gauge("waybill_postgres_up", "Whether PostgreSQL is available and the schema current.") {
            database.isUp ? 1 : 0
        }
        metrics.gauge("waybill_redis_up", "Whether Redis is connected.") { redis.state.isUp ? 1 : 0 }
        metrics.gauge("waybill_rabbitmq_up", "Whether the broker is connected.") {
            publishing.isConnected && consuming.isConnected ? 1 : 0
        }
        metrics.gauge("waybill_rabbitmq_blocked", "Whether an alarm of the broker blocks publishing.") {
            publishing.isBlocked ? 1 : 0
        }
        metrics.gauge(
            "waybill_consumer_unsettled_messages", "Messages delivered and not yet settled.",
            labels: ["queue": consumer.queue]
        ) {
            Double(consumer.unsettled)
        }
    }
}
