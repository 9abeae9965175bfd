import AMQP
import EventLoop
import Redis
import Service

/// What the console depends on, for readiness.
@Loop
struct Dependencies {
    let redis: RedisClient
    let broker: AMQPClient

    func register(_ context: ServiceContext) {
        context.health.addCheck("redis", holds: { redis.state.isUp })
        context.health.addCheck("rabbitmq", holds: { broker.isReady })
    }
}
