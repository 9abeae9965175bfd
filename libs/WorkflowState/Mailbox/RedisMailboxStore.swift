package import EventLoop
internal import Orders
package import Redis

/// ``MailboxStore`` in Redis: a capped stream per user.
@Loop
package final class RedisMailboxStore: MailboxStore {
    let client: any RedisCommands
    let keys: WorkflowKeys
    let retention: Retention

    package init(_ client: any RedisCommands, _ retention: Retention = Retention()) {
        self.client = client
        keys = WorkflowKeys(isTagged: client.isCluster)
        self.retention = retention
    }

    package func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError)
        -> [DeliveryOutcome]
    {
        if deliveries.isEmpty { return [] }
        if keys.isTagged { return try await deliverApart(deliveries) }
        let isTraced = deliveries.contains { $0.traceparent != nil }
        let reply = try await client.evaluating(
            MailboxScripts.deliver, keys: 3 * deliveries.count,
            arguments: 3 + (isTraced ? 5 : 4) * deliveries.count
        ) { batch in
            for delivery in deliveries {
                keys.delivered(delivery.update, to: delivery.user).append(to: &batch)
                keys.status(delivery.update.correlationID).append(to: &batch)
                keys.owner(delivery.update.correlationID).append(to: &batch)
            }
            batch.append(retention.workflow.wholeSeconds)
            batch.append(retention.mark.wholeSeconds)
            batch.append(retention.mailboxCap)
            for delivery in deliveries {
                batch.append(delivery.user?.value ?? "")
                batch.append(UpdateCodec.payloadSuffix(delivery.update))
                batch.append(delivery.update.status.wireName)
                batch.append(WorkflowStatus(delivery.update.status, delivery.update.orderID).text)
            }
            guard isTraced else { return }
            for delivery in deliveries { batch.append(delivery.traceparent ?? "") }
        }
        guard case .array(let offsets) = reply, offsets.count == deliveries.count else {
            throw .unexpectedReply
        }
        return offsets.map { DeliveryOutcome($0) }
    }

    package func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        if requests.isEmpty { return [] }
        if keys.isTagged { return try await historiesApart(requests) }
        let reply = try await client.evaluating(
            MailboxScripts.history, keys: 1 + requests.count, arguments: 3 + requests.count
        ) { batch in
            keys.epoch(requests[0].user).append(to: &batch)
            for request in requests { keys.mailbox(request.user).append(to: &batch) }
            appendArguments(for: requests[...], epochLifetime: 0, to: &batch)
        }
        return try histories(reply, of: requests[...])
    }

    func appendArguments(
        for requests: ArraySlice<HistoryRequest>, epochLifetime: Int, to batch: inout RedisBatch
    ) {
        batch.append(Epoch.random().text)
        batch.append(retention.workflow.wholeSeconds)
        batch.append(epochLifetime)
        for request in requests { batch.append(Int(request.after.offset)) }
    }

    func histories(
        _ reply: RedisValue, of requests: ArraySlice<HistoryRequest>
    ) throws(WorkflowStateError) -> [History] {
        guard case .array(let parts) = reply, parts.count == 1 + 3 * requests.count,
            let epoch = parts[0].string.flatMap({ Epoch($0) })
        else { throw .unexpectedReply }
        var histories: [History] = []
        histories.reserveCapacity(requests.count)
        for (index, request) in requests.enumerated() {
            let at = 1 + 3 * index
            guard let end = parts[at].string.flatMap({ RedisStreamID($0) }) else { throw .unexpectedReply }
            histories.append(
                History(
                    entries: try entries(parts[at + 2]),
                    isRecovered: request.after.epoch == epoch && parts[at + 1] == .integer(1),
                    end: MailboxPosition(epoch: epoch, offset: Int64(clamping: end.milliseconds))))
        }
        return histories
    }

    private func entries(_ reply: RedisValue) throws(WorkflowStateError) -> [Publication] {
        let list: [RedisStreamEntry]
        do { list = try RedisStreamEntry.list(reply) } catch { throw WorkflowStateError(error) }
        return list.compactMap { entry in
            entry["u"].flatMap {
                UpdateCodec.entry(offset: Int64(clamping: entry.id.milliseconds), suffix: $0)
            }
        }
    }
}

extension DeliveryOutcome {
    /// What ``MailboxScripts/deliver`` returns of one.
    init(_ reply: RedisValue) {
        let text = reply.string ?? ""
        self = text == "?" ? .unknownOwner : Int64(text).map { .delivered(offset: $0) } ?? .duplicate
    }
}
