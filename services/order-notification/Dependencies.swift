import AMQP
import EventLoop
import Observability
import Redis
import Service
import WorkflowState

/// What order-notification depends on, for readiness and metrics.
@Loop
struct Dependencies {
    let redis: RedisClient
    let subscriber: RedisSubscriber
    let channels: RedisUserChannels
    let publishing: AMQPClient
    let consuming: AMQPClient
    let outcomes: OutcomeConsumers
    let sessions: SessionRegistry

    func register(_ context: ServiceContext) {
        let health = context.health
        health.addCheck("redis", holds: { redis.state.isUp })
        health.addCheck("redis.channels", holds: { subscriber.state.isUp })
        health.addCheck("rabbitmq", holds: { publishing.isConnected && consuming.isConnected })
        health.addCheck(
            "rabbitmq.topology", isEssential: { false }, reason: { TopologyDifference.reason(consuming) })
        health.addCheck("messages.waiting", holds: { !outcomes.isWaitingForDependency })

        let metrics = context.metrics
        for wireProtocol in WireProtocol.allCases {
            metrics.gauge(
                "waybill_notification_sessions", "Open sessions.", labels: ["protocol": wireProtocol.name]
            ) { Double(sessions.counts[Int(wireProtocol.rawValue)]) }
        }
        metrics.gauge("waybill_notification_users", "Users whose channels are subscribed to.") {
            Double(sessions.subscriptions.count)
        }
        metrics.gauge(
            "waybill_notification_pending_output_bytes",
            "Bytes written to sessions that clients have not read."
        ) { Double(sessions.pendingOutput) }
        metrics.counter(
            "waybill_notification_malformed_messages_total", "Messages on users' channels that were dropped."
        ) { Double(channels.malformed) }
    }
}
