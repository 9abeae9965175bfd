import AMQP
import EventLoop
import Messaging
import Service

/// Consumes the queues of orders that have come to an end.
@Loop
final class OutcomeConsumers {
    private let client: AMQPClient
    private let pipelines: [ConsumePipeline<OutcomeHandler>]

    init(
        _ configuration: AMQPConfiguration, _ topology: OrderTopology, _ notify: OutcomeDelivery,
        _ context: ServiceContext
    ) {
        let client = AMQPClient(configuration, topology: topology.declarations)
        self.client = client
        let sender = AMQPSender(AMQPPublisher(client), exchange: topology.exchange)
        let handler = OutcomeHandler(notify)
        pipelines = [OrderTopology.WorkQueue.processed, .failed].map { queue in
            let name = topology.queue(queue)
            return ConsumePipeline(
                queue: name, from: AMQPSource(AMQPConsumer(client, queue: name)), to: sender,
                decoder: OrderOutcome.decoder, handler: handler, retryPolicy: topology.retryPolicy, log: context.log,
                metrics: context.metrics)
        }
    }

    var isConnected: Bool { client.isReady }

    /// Whether messages wait because Redis is away.
    var isWaitingForDependency: Bool { pipelines.contains(where: \.isWaitingForDependency) }

    /// The connection, and above it the consumers, which stop first and finish what is in their hands.
    var components: [Component] {
        let connection = Component(
            "rabbitmq", run: { [client] in await client.run() },
            drain: { [client] _ in await client.shutdown() })
        return [connection] + pipelines.map(Self.component)
    }

    private static func component(_ pipeline: ConsumePipeline<OutcomeHandler>) -> Component {
        let work = Work()
        return Component(
            "news", start: { work.task = Loop.task { await pipeline.run() } },
            run: { await work.task?.value },
            drain: { _ in
                await pipeline.stop()
                await work.task?.value
            })
    }

    @Loop private final class Work {
        var task: Task<Void, Never>?
        nonisolated init() {}
    }
}
