import AMQP
import EventLoop
import JSON
import Messaging
import Orders

/// The numbers of waiting messages by queue. Read by passive declarations: the counts that a broker lists are stale
/// for quorum queues.
@Loop
struct QueueDepths {
    struct Depth: Sendable {
        let queue: OrderTopology.WorkQueue
        var ready: Int
        var consumers: Int
        /// In the retry queues.
        var retrying: Int
        var dead: Int

        var name: String { queue.rawValue }

        var json: JSONValue {
            .object([
                .init("name", .string(name)), .init("ready", .number(String(ready))),
                .init("consumers", .number(String(consumers))), .init("retrying", .number(String(retrying))),
                .init("dead", .number(String(dead))),
            ])
        }
    }

    private let client: AMQPClient

    init(_ client: AMQPClient) { self.client = client }

    /// The broker's version; nil while it is away.
    var version: String? { client.server?.split(separator: " ").last.map(String.init) }

    func read() async throws(AMQPError) -> [Depth] {
        let delays = RetryPolicy.standard.delays
        return try await client.withChannel { channel throws(AMQPError) in
            var list: [Depth] = []
            for queue in OrderTopology.WorkQueue.allCases {
                let name = queue.rawValue
                let work = try await channel.status(of: name)
                var retrying = 0
                for delay in delays {
                    retrying += try await channel.status(of: OrderTopology.retryQueue(name, after: delay))
                        .messages
                }
                let dead = try await channel.status(of: OrderTopology.deadLetterQueue(of: name)).messages
                list.append(
                    Depth(
                        queue: queue, ready: work.messages, consumers: work.consumers, retrying: retrying,
                        dead: dead))
            }
            return list
        }
    }
}
