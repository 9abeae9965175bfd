import AMQP
import EventLoop
import Messaging

/// Looks at dead-letter queues. A look takes all messages and returns them: pages that ask while one is under way share it.
/// It never has what a replay or a drop has removed before the question, since those wait until it is over.
@Loop
final class DeadLetterLooks {
    struct Look: Sendable {
        /// Of the queue; not all are read.
        var total: Int
        var messages: [DeadLetterQueue.Message]
    }

    private var underWay: [OrderTopology.WorkQueue: Task<Result<Look, AMQPError>, Never>] = [:]

    func look(
        at queue: OrderTopology.WorkQueue, _ deadLetters: DeadLetterQueue
    ) async throws(AMQPError) -> Look {
        if let look = underWay[queue] { return try await look.value.get() }
        let look = Loop.task { () -> Result<Look, AMQPError> in
            do throws(AMQPError) {
                let total = try await deadLetters.count()
                return .success(
                    Look(total: total, messages: try await deadLetters.list(limit: DeadLetterPage.read)))
            } catch {
                return .failure(error)
            }
        }
        underWay[queue] = look
        defer { underWay[queue] = nil }
        return try await look.value.get()
    }
}
