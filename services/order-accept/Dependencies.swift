import AMQP
import EventLoop
import Messaging
import Observability
import Orders
import Postgres
import Redis
import Service

/// What order-accept depends on, for readiness and metrics.
@Loop
struct Dependencies {
    let redis: any RedisCommands
    let broker: AMQPClient
    let confirms: AMQPPublisher
    let publisher: EventPublisher
    let catalogue: PostgresCatalogue
    let orderIDs: SequenceOrderIDs
    let intake: PostgresOrderIntake
    /// By name.
    let pools: KeyValuePairs<String, PostgresPool>

    func register(_ context: ServiceContext) {
        let health = context.health
        // With one server away orders are still accepted.
        let isEssential = { @Loop in !intake.isAvailable }
        ServerReport.redis(redis, context, isEssential: isEssential)
        ServerReport.rabbitMQ([broker], context, isEssential: isEssential)
        health.addCheck("rabbitmq.blocked", isEssential: isEssential, holds: { !broker.isBlocked })
        health.addCheck("rabbitmq.slow", isEssential: isEssential, holds: { !publisher.isSlow })
        health.addCheck(
            "rabbitmq.topology", isEssential: { false }, reason: { TopologyDifference.reason(broker) })
        ServerReport.postgres(pools, context, isEssential: { false })
        health.addCheck("catalogue.missing", holds: { catalogue.loaded.isSet })
        health.addCheck("order_ids.missing", holds: { orderIDs.begun.isSet })
        health.addCheck("order_ids.exhausted", holds: { !orderIDs.begun.isSet || orderIDs.remaining > 0 })

        let metrics = context.metrics
        metrics.gauge("waybill_redis_up", "Whether Redis is connected.") { redis.state.isUp ? 1 : 0 }
        metrics.gauge("waybill_rabbitmq_up", "Whether the broker is connected.") {
            broker.isConnected ? 1 : 0
        }
        metrics.gauge("waybill_rabbitmq_blocked", "Whether an alarm of the broker blocks publishing.") {
            broker.isBlocked ? 1 : 0
        }
        metrics.gauge(
            "waybill_rabbitmq_unconfirmed_messages", "Published messages that the broker has not settled."
        ) {
            Double(confirms.unconfirmed)
        }
        metrics.gauge("waybill_order_ids_remaining", "Order ids available without PostgreSQL.") {
            Double(orderIDs.remaining)
        }
        metrics.gauge("waybill_catalogue_products", "Products that can be ordered.") {
            Double(catalogue.current?.count ?? 0)
        }
        metrics.gauge("waybill_catalogue_age_seconds", "Time since the catalogue was last loaded.") {
            catalogue.age?.seconds ?? .infinity
        }
    }
}
