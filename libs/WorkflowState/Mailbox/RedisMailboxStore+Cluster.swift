import EventLoop
import Orders
import Redis

/// In a cluster a mailbox is on its user's node, and a status on its order's.
extension RedisMailboxStore {
    package var isSharded: Bool { keys.isTagged }

    func deliverApart(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [DeliveryOutcome] {
        let workflows = RedisWorkflowStore(client, retention)
        var outcomes = [DeliveryOutcome](repeating: .duplicate, count: deliveries.count)
        var known: [(index: Int, user: UserID, update: StatusUpdate)] = []
        let ownerless = deliveries.filter { $0.user == nil }.map(\.update.correlationID)
        var owners = try await workflows.owners(of: ownerless)[...]
        for (index, delivery) in deliveries.enumerated() {
            if let user = delivery.user {
                known.append((index, user, delivery.update))
            } else if let owner = owners.removeFirst(), owner.hasStatus {
                known.append((index, owner.user, delivery.update))
            } else {
                outcomes[index] = .unknownOwner
            }
        }
        // The status first, so that whoever is told of an outcome finds it. The delivery is repeated when what follows is lost.
        let moves = try await workflows.move(
            known.map { delivery in
                WorkflowStep(
                    delivery.update.status, correlationID: delivery.update.correlationID,
                    orderID: delivery.update.orderID, owner: delivery.user, cause: .replay)
            })
        let current = zip(known, moves).filter { delivery, move in
            move.outcome.status?.status == delivery.update.status
        }.map(\.0)
        let replies: [RedisValue]
        do throws(RedisError) {
            replies = try await client.evaluate(
                MailboxScripts.deliverOne, count: current.count, keys: 4, arguments: 5
            ) { place, batch in
                let delivery = current[place]
                keys.mailbox(delivery.user).append(to: &batch)
                keys.delivered(delivery.update, to: delivery.user).append(to: &batch)
                keys.epoch(delivery.user).append(to: &batch)
                keys.channel(delivery.user).append(to: &batch)
                batch.append(retention.workflow.wholeSeconds)
                batch.append(retention.mark.wholeSeconds)
                batch.append(retention.mailboxCap)
                batch.append(UpdateCodec.payloadSuffix(delivery.update))
                batch.append(deliveries[delivery.index].traceparent ?? "")
            }
        } catch {
            throw WorkflowStateError(error)
        }
        for (delivery, reply) in zip(current, replies) {
            if case .error(let error) = reply { throw WorkflowStateError(error) }
            outcomes[delivery.index] = DeliveryOutcome(reply)
        }
        return outcomes
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
