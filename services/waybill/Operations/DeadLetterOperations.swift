import AMQP
import EventLoop
import Messaging
import OrderRecords
import Orders
import Redis
import WorkflowState

/// The dead letters of all queues: look, send back, drop.
@Loop
struct DeadLetterOperations {
    typealias Queue = OrderTopology.WorkQueue

    /// One letter and the queue that it was meant for.
    struct Found: Sendable {
        let queue: Queue
        let letter: DeadLetters.Letter
    }

    /// Why a letter was not sent back.
    enum Refusal: String, Sendable, CaseIterable {
        case ownerless = "nobody knows whose order it is"
        case outdated = "the order has come to another end since"
        case defective = "it is too large or too broken to be sent"
    }

    struct Replay: Sendable {
        var sent: [(queue: Queue, envelope: Envelope)] = []
        var refused: [(queue: Queue, name: String, why: Refusal)] = []
        /// Workflows whose owner or status had expired and was written again.
        var restored = 0
    }

    private let servers: Servers
    private let topology = OrderTopology()

    init(_ servers: Servers) { self.servers = servers }

    func counts() async throws(CommandFailure) -> [(queue: Queue, count: Int)] {
        var counts: [(queue: Queue, count: Int)] = []
        for queue in Queue.allCases {
            let letters = try await letters(of: queue)
            counts.append((queue, try await failing { () throws(AMQPError) in try await letters.count() }))
        }
        return counts
    }

    /// The oldest `limit` of each queue.
    func list(_ queues: [Queue], limit: Int) async throws(CommandFailure) -> [Found] {
        var found: [Found] = []
        for queue in queues {
            let letters = try await letters(of: queue)
            let list = try await failing { () throws(AMQPError) in try await letters.list(limit: limit) }
            found += list.map { Found(queue: queue, letter: $0) }
        }
        return found
    }

    /// Sends letters back to their queues, with what had expired of their workflows written again, so that
    /// they find their users however much later it is.
    /// - Parameter names: nil: all there are.
    func replay(
        _ queues: [Queue], _ names: Set<String>?, progress: DeadLetters.Progress = { _, _ in }
    ) async throws(CommandFailure) -> Replay {
        let restorer = WorkflowRestorer(
            RedisWorkflowStore(try await servers.redis()), PostgresOrderStore(try servers.database()))
        var replay = Replay()
        var failure: CommandFailure?
        for queue in queues {
            let letters = try await letters(of: queue)
            let sent = try await failing { () throws(AMQPError) in
                try await letters.replay(names, progress: progress) { letter in
                    if failure != nil { return false }
                    do throws(CommandFailure) {
                        switch try await restorer.restore(letter, of: queue) {
                        case .complete: return true
                        case .restored: replay.restored += 1
                        case .refused(let why):
                            replay.refused.append((queue, letter.name, why))
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

    /// Drops letters for good; answers with their names.
    func drop(
        _ queues: [Queue], _ names: Set<String>?, progress: DeadLetters.Progress = { _, _ in }
    ) async throws(CommandFailure) -> [(queue: Queue, name: String)] {
        var dropped: [(queue: Queue, name: String)] = []
        for queue in queues {
            let letters = try await letters(of: queue)
            let names = try await failing { () throws(AMQPError) in
                try await letters.drop(names, progress: progress)
            }
            dropped += names.map { (queue, $0) }
        }
        return dropped
    }

    private func letters(of queue: Queue) async throws(CommandFailure) -> DeadLetters {
        let (client, publisher) = try await servers.broker()
        return DeadLetters(of: topology.queue(queue), client, publisher)
    }

    private func failing<Value>(
        _ body: @Loop () async throws(AMQPError) -> Value
    ) async throws(CommandFailure) -> Value {
        do throws(AMQPError) { return try await body() } catch { throw CommandFailure(error) }
    }
}
