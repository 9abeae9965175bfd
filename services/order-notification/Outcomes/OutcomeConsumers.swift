import AMQP
import EventLoop
import Messaging
import Observability
import Service

/// Consumes `order.processed` and `order.failed`, the queues of finished orders, and what the broker dead-lettered of them.
@Loop
final class OutcomeConsumers: Service {
    private let pipelines: [ConsumePipeline<OutcomeHandler>]

    /// - Parameter sender: publishes to retry and dead-letter queues, on a connection of its own.
    init(
        _ consuming: AMQPClient, _ topology: OrderTopology, sender: any MessageSender,
        _ handler: OutcomeHandler,
        _ context: ServiceContext
    ) {
        pipelines = [OrderTopology.WorkQueue.processed, .failed].flatMap { queue in
            let name = topology.queue(queue)
            let consumer = AMQPConsumer(consuming, queue: name)
            context.metrics.gauge(
                "waybill_consumer_unsettled_messages", "Messages delivered and not yet settled.",
                labels: ["queue": name]
            ) { Double(consumer.unsettled) }
            let dead = AMQPConsumer(consuming, queue: OrderTopology.deadQueue(of: name))
            return [consumer, dead].map { source in
                ConsumePipeline(
                    queue: name, from: AMQPSource(source), to: sender,
                    decoder: OrderOutcome.decoder, handler: handler, retryPolicy: topology.retryPolicy,
                    log: context.log, metrics: context.metrics, tracer: context.tracer)
            }
        }
    }

    /// Whether messages wait because Redis is unavailable.
    var isWaitingForDependency: Bool { pipelines.contains(where: \.isWaitingForDependency) }

    func run() async throws {
        try await withThrowingTaskGroup { group in
            for pipeline in pipelines { group.addTask { try await pipeline.run() } }
            try await group.waitForAll()
        }
    }

    func drain(until deadline: Instant) async {
        await withTaskGroup { group in
            for pipeline in pipelines { group.addTask { await pipeline.drain(until: deadline) } }
        }
    }
}
