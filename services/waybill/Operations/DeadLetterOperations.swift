import AMQP
import EventLoop
import Messaging
import OrderRecords
import Orders
import Redis
import WorkflowState

/// The dead-lettered messages of all queues: list, replay, drop.
@Loop
struct DeadLetterOperations {
    typealias Queue = OrderTopology.WorkQueue

    /// One message and the queue that dead-lettered it.
    struct Found: Sendable {
        let queue: Queue
        let message: DeadLetterQueue.Message
    }

    /// Why a message was not replayed.
    enum ReplayRefusal: String, Sendable, CaseIterable {
        case unknownOwner = "the order's owner is not known"
        case outdated = "the order has reached another final status since"
        case defective = "it is too large or malformed"
    }

    struct Replay: Sendable {
        var sent: [(queue: Queue, envelope: Envelope)] = []
        var refused: [(queue: Queue, name: String, reason: ReplayRefusal)] = []
        /// Workflows whose expired owner or status was restored.
        var restored = 0
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

    /// Replays messages, after restoring what had expired of their workflows, so that the user is found
    /// however much later it is.
    /// - Parameter names: nil: all.
    func replay(
        _ queues: [Queue], _ names: Set<String>?, progress: DeadLetterQueue.Progress = { _, _ in }
    ) async throws(CommandError) -> Replay {
        let restorer = ReplayedWorkflowRestorer(
            RedisWorkflowStore(try await servers.redis()), PostgresOrderStore(try servers.database()))
        var replay = Replay()
        var failure: CommandError?
        for queue in queues {
            let messages = try await messages(of: queue)
            let sent = try await failing { () throws(AMQPError) in
                try await messages.replay(names, progress: progress) { message in
                    if failure != nil { return false }
                    do throws(CommandError) {
                        switch try await restorer.restore(message, of: queue) {
                        case .complete: return true
                        case .restored: replay.restored += 1
                        case .refused(let reason):
                            replay.refused.append((queue, message.name, reason))
                            return false
                        }
                        return true
                    } catch {
                        failure = error
                        return false
                    }
                }
            }
            replay.sent += sent.map { (queue, $0) }
            if let failure { throw failure }
        }
        return replay
    }

    /// Drops messages permanently; returns their names.
    func drop(
        _ queues: [Queue], _ names: Set<String>?, progress: DeadLetterQueue.Progress = { _, _ in }
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
