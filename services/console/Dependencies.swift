import AMQP
import EventLoop
import Redis
import Service

/// What the console depends on, for readiness.
@Loop
struct Dependencies {
    let redis: any RedisCommands
    let broker: AMQPClient

    func register(_ context: ServiceContext) {
        ServerReport.redis(redis, context)
        ServerReport.rabbitMQ([broker], context)
    }
}
