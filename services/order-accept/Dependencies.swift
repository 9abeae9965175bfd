import AMQP
import EventLoop
import Observability
import Orders
import Postgres
import Redis
import Service

/// What order-accept stands on, as readiness and metrics see it.
@Loop
struct Dependencies {
    let redis: RedisClient
    let broker: AMQPClient
    let outbox: AMQPPublisher
    let publisher: EventOrderPublisher
    let catalogue: PostgresCatalogue
    let identifiers: SequenceOrderIDs

    func register(_ context: ServiceContext) {
        let health = context.health
        health.addCheck("redis", holds: { redis.state.isUp })
        health.addCheck("rabbitmq", holds: { broker.isConnected })
        health.addCheck("rabbitmq.blocked", holds: { !broker.isBlocked })
        health.addCheck("rabbitmq.slow", holds: { !publisher.isSlow })
        // Afterwards a PostgreSQL that is away stops reads alone, for which other replicas are no help.
        health.addCheck("postgres", holds: { catalogue.current != nil && identifiers.hasBegun })
        health.addCheck("order_ids.exhausted", holds: { !identifiers.hasBegun || identifiers.remaining > 0 })

        let metrics = context.metrics
        metrics.gauge("waybill_redis_up", "Whether Redis is connected.") { redis.state.isUp ? 1 : 0 }
        metrics.gauge("waybill_rabbitmq_up", "Whether the broker is connected.") { broker.isConnected ? 1 : 0 }
        metrics.gauge("waybill_rabbitmq_blocked", "Whether an alarm of the broker blocks publishing.") {
            broker.isBlocked ? 1 : 0
        }
        metrics.gauge("waybill_rabbitmq_unconfirmed_messages", "Announcements that the broker has not settled.") {
            Double(outbox.unconfirmed)
        }
        metrics.gauge("waybill_order_ids_remaining", "Order ids at hand.") { Double(identifiers.remaining) }
        metrics.gauge("waybill_catalogue_products", "Products that can be ordered.") {
            Double(catalogue.current?.count ?? 0)
        }
        metrics.gauge("waybill_catalogue_age_seconds", "Since the catalogue was last read.") {
            catalogue.age?.seconds ?? .infinity
        }
    }
}

extension AMQPClient {
    var isBlocked: Bool { if case .blocked = state { true } else { false } }

    var isConnected: Bool { state == .ready || isBlocked }
}
