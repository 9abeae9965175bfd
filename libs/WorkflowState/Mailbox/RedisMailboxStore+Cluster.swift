import EventLoop
import Orders
import Redis

/// In a cluster a mailbox is on its user's node, and a status on its order's.
extension RedisMailboxStore {
    package var isSharded: Bool { keys.isTagged }

    /// The status first, so that whoever is told of an outcome finds it. The delivery is repeated when what follows is lost.
    func deliverApart(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [Int64?] {
        let moves = try await RedisWorkflowStore(client, retention).move(
            deliveries.map { delivery in
                WorkflowStep(
                    delivery.update.status, correlationID: delivery.update.correlationID,
                    orderID: delivery.update.orderID, owner: delivery.user, cause: .replay)
            })
        let current = zip(deliveries.indices, moves).filter { index, move in
            move.outcome.status?.status == deliveries[index].update.status
        }.map(\.0)
        let replies: [RedisValue]
        do throws(RedisError) {
            replies = try await client.evaluate(
                MailboxScripts.deliverOne, count: current.count, keys: 4, arguments: 5
            ) { place, batch in
                let delivery = deliveries[current[place]]
                keys.mailbox(delivery.user).append(to: &batch)
                keys.delivered(delivery.update, to: delivery.user).append(to: &batch)
                keys.epoch(delivery.user).append(to: &batch)
                keys.channel(delivery.user).append(to: &batch)
                batch.append(retention.workflow.wholeSeconds)
                batch.append(retention.mark.wholeSeconds)
                batch.append(retention.mailboxCap)
                batch.append(UpdateCodec.payloadSuffix(delivery.update))
                batch.append(delivery.traceparent ?? "")
            }
        } catch {
            throw WorkflowStateError(error)
        }
        var offsets = [Int64?](repeating: nil, count: deliveries.count)
        for (index, reply) in zip(current, replies) {
            if case .error(let error) = reply { throw WorkflowStateError(error) }
            offsets[index] = reply.string.flatMap { Int64($0) }
        }
        return offsets
    }

    func historiesApart(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        let replies: [RedisValue]
        do throws(RedisError) {
            replies = try await client.evaluate(
                MailboxScripts.history, count: requests.count, keys: 2, arguments: 4
            ) { index, batch in
                keys.epoch(requests[index].user).append(to: &batch)
                keys.mailbox(requests[index].user).append(to: &batch)
                appendArguments(
                    for: requests[index...index], epochLifetime: retention.workflow.wholeSeconds, to: &batch)
            }
        } catch {
            throw WorkflowStateError(error)
        }
        var found: [History] = []
        found.reserveCapacity(requests.count)
        for (index, reply) in replies.enumerated() {
            if case .error(let error) = reply { throw WorkflowStateError(error) }
            found += try histories(reply, of: requests[index...index])
        }
        return found
    }
}
