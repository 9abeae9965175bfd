import AMQP
import EventLoop
import Postgres
import Redis
import Service

/// What the console depends on, for readiness.
@Loop
struct Dependencies {
    let redis: any RedisCommands
    let broker: AMQPClient
    let pool: PostgresPool

    func register(_ context: ServiceContext) {
        ServerReport.redis(redis, context)
        ServerReport.rabbitMQ([broker], context)
        ServerReport.postgres(["records": pool], context, isEssential: { false })
    }
}
