import EventLoop
import Orders
import Redis

/// In a cluster a status, the order's contents, the index and the owner's channel are on different nodes: a script moves the
/// status, and what depends on it follows. When that is lost, the delivery of the outcome and the comparison with
/// PostgreSQL repeat it.
extension RedisWorkflowStore {
    func advanceApart(_ steps: [WorkflowStep]) async throws(WorkflowStateError) -> [WorkflowOutcome] {
        let moves = try await move(steps)
        let replies = try await run { batch in
            for (step, move) in zip(steps, moves) {
                if move.outcome.moved, let frame = step.frame, let user = step.owner ?? move.owner {
                    batch.add("SPUBLISH", keys.channel(user), frame)
                }
                guard step.isRecorded, let owner = step.owner else { continue }
                batch.add("DEL", keys.pending(step.orderID, of: owner))
                let order = QueuedOrder(
                    owner: owner, orderID: step.orderID, correlationID: step.correlationID)
                batch.add("ZREM", keys.queued(of: owner), WorkflowKeys.member(order))
            }
        }
        for reply in replies { try check(reply) }
        return moves.map(\.outcome)
    }

    /// Moves the statuses alone.
    func move(
        _ steps: [WorkflowStep]
    ) async throws(WorkflowStateError) -> [(outcome: WorkflowOutcome, owner: UserID?)] {
        let replies: [RedisValue]
        do throws(RedisError) {
            replies = try await client.evaluate(
                WorkflowScripts.move, count: steps.count, keys: 2, arguments: 5
            ) { index, batch in
                let step = steps[index]
                keys.status(step.correlationID).append(to: &batch)
                keys.owner(step.correlationID).append(to: &batch)
                batch.append(seconds)
                batch.append(step.status.wireName)
                batch.append(WorkflowStatus(step.status, step.orderID).text)
                batch.append(step.owner?.value ?? "")
                batch.append(step.cause.number)
            }
        } catch {
            throw WorkflowStateError(error)
        }
        var moves: [(outcome: WorkflowOutcome, owner: UserID?)] = []
        moves.reserveCapacity(replies.count)
        for reply in replies {
            try check(reply)
            guard case .array(let parts) = reply, parts.count == 3 else { throw .unexpectedReply }
            moves.append(
                (
                    try WorkflowOutcome(moved: parts[0], status: parts[1]),
                    parts[2].string.flatMap { UserID($0) }
                ))
        }
        return moves
    }
}
