import AMQP
import EventLoop
import Observability
import Postgres
import Redis
import Service
import WorkflowState

/// What order-notification depends on, for readiness and metrics.
@Loop
struct Dependencies {
    let redis: any RedisCommands
    let subscriber: any RedisChannels
    let channels: RedisUserChannels
    let publishing: AMQPClient
    let consuming: AMQPClient
    let outcomes: OutcomeConsumers
    let sessions: SessionRegistry
    let records: PostgresPool
    let lookups: PostgresPool

    func register(_ context: ServiceContext) {
        let health = context.health
        ServerReport.redis(redis, context)
        ServerReport.channels(subscriber, context)
        // Asked for what Redis has forgotten alone.
        ServerReport.postgres(["records": records, "lookups": lookups], context, isEssential: { false })
        // Sessions are served without it; outcomes wait in their queues.
        ServerReport.rabbitMQ([publishing, consuming], context, isEssential: { false })
        health.addCheck(
            "rabbitmq.topology", isEssential: { false }, reason: { TopologyDifference.reason(consuming) })
        health.addCheck(
            "messages.waiting", isEssential: { [redis] in !redis.isPartial },
            holds: { !outcomes.isWaitingForDependency })

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
