import AMQP
import Bytes
import EventLoop
import Messaging

/// The dead-lettered messages of all queues: list, replay, drop.
@Loop
struct DeadLetterOperations {
    typealias Queue = OrderTopology.WorkQueue

    /// One message and the queue that dead-lettered it.
    struct Found: Sendable {
        let queue: Queue
        let message: DeadLetterQueue.Message
    }

    private let servers: ServerConnections
    private let topology = OrderTopology()

    init(_ servers: ServerConnections) { self.servers = servers }

    func counts() async throws(CommandError) -> [(queue: Queue, count: Int)] {
        var counts: [(queue: Queue, count: Int)] = []
        for queue in Queue.allCases {
            let messages = try await messages(of: queue)
            counts.append((queue, try await failing { () throws(AMQPError) in try await messages.count() }))
        }
        return counts
    }

    /// The oldest `limit` of each queue.
    func list(_ queues: [Queue], limit: Int) async throws(CommandError) -> [Found] {
        var found: [Found] = []
        for queue in queues {
            let messages = try await messages(of: queue)
            let list = try await failing { () throws(AMQPError) in try await messages.list(limit: limit) }
            found += list.map { Found(queue: queue, message: $0) }
        }
        return found
    }

    /// Replays messages; returns them.
    /// - Parameter names: nil: all.
    func replay(
        _ queues: [Queue], _ names: Set<ByteString>?, progress: DeadLetterQueue.Progress = { _, _ in }
    ) async throws(CommandError) -> [Envelope] {
        var replayed: [Envelope] = []
        for queue in queues {
            let messages = try await messages(of: queue)
            replayed += try await failing { () throws(AMQPError) in
                try await messages.replay(names, progress: progress)
            }
        }
        return replayed
    }

    /// Drops messages permanently; returns their names.
    func drop(
        _ queues: [Queue], _ names: Set<ByteString>?, progress: DeadLetterQueue.Progress = { _, _ in }
    ) async throws(CommandError) -> [(queue: Queue, name: String)] {
        var dropped: [(queue: Queue, name: String)] = []
        for queue in queues {
            let messages = try await messages(of: queue)
            let names = try await failing { () throws(AMQPError) in
                try await messages.drop(names, progress: progress)
            }
            dropped += names.map { (queue, $0) }
        }
        return dropped
    }

    private func messages(of queue: Queue) async throws(CommandError) -> DeadLetterQueue {
        let (client, publisher) = try await servers.broker()
        return DeadLetterQueue(of: topology.queue(queue), client, publisher)
    }

    private func failing<Value>(
        _ body: @Loop () async throws(AMQPError) -> Value
    ) async throws(CommandError) -> Value {
        do throws(AMQPError) { return try await body() } catch { throw CommandError(error) }
    }
}
