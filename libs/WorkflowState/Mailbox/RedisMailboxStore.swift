package import EventLoop
package import Orders
package import Redis

/// ``MailboxStore`` in Redis: a capped stream per user.
@Loop
package final class RedisMailboxStore: MailboxStore {
    private let client: RedisClient
    private let retention: Retention

    package init(_ client: RedisClient, _ retention: Retention = Retention()) {
        self.client = client
        self.retention = retention
    }

    package func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [Int64?] {
        if deliveries.isEmpty { return [] }
        let count = 2 * deliveries.count
        let reply = try await client.evaluating(MailboxScripts.deliver, keys: count, arguments: 2 + count) {
            batch in
            for delivery in deliveries {
                WorkflowKeys.mailbox(delivery.user).append(to: &batch)
                WorkflowKeys.delivered(delivery.update).append(to: &batch)
            }
            batch.append(retention.workflow.wholeSeconds)
            batch.append(retention.mailboxCap)
            for delivery in deliveries {
                WorkflowKeys.channel(delivery.user).append(to: &batch)
                batch.append(UpdateCodec.payloadSuffix(delivery.update))
            }
        }
        guard case .array(let offsets) = reply, offsets.count == deliveries.count else {
            throw .unexpectedReply
        }
        return offsets.map { $0.string.flatMap { Int64($0) } }
    }

    package func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        if requests.isEmpty { return [] }
        let count = 1 + requests.count
        let reply = try await client.evaluating(MailboxScripts.history, keys: count, arguments: count) {
            batch in
            batch.append(WorkflowKeys.epoch)
            for request in requests { WorkflowKeys.mailbox(request.user).append(to: &batch) }
            batch.append(Epoch.random().text)
            for request in requests { batch.append(Int(request.after.offset)) }
        }
        let (epoch, now, parts) = try header(reply, perUser: 4, users: requests.count)
        var histories: [History] = []
        histories.reserveCapacity(requests.count)
        for (index, request) in requests.enumerated() {
            let at = parts.startIndex + 4 * index
            let recovery = MailboxRecovery(
                first: offset(parts[at]), last: offset(parts[at + 1]), count: parts[at + 2].integer ?? 0,
                now: now,
                cap: retention.mailboxCap, lifetime: retention.workflow)
            let entries = request.after.epoch == epoch ? try entries(parts[at + 3]) : []
            histories.append(History(entries, after: request.after, epoch: epoch, recovery))
        }
        return histories
    }

    package func ends(of users: [UserID]) async throws(WorkflowStateError) -> [MailboxPosition] {
        if users.isEmpty { return [] }
        let reply = try await client.evaluating(MailboxScripts.ends, keys: 1 + users.count, arguments: 1) {
            batch in
            batch.append(WorkflowKeys.epoch)
            for user in users { WorkflowKeys.mailbox(user).append(to: &batch) }
            batch.append(Epoch.random().text)
        }
        let (epoch, now, parts) = try header(reply, perUser: 1, users: users.count)
        return parts.map { MailboxPosition(epoch: epoch, offset: offset($0) ?? now - 1) }
    }

    package func recordPrimary(_ server: String) async throws(WorkflowStateError) -> Bool {
        let reply = try await client.evaluating(MailboxScripts.recordPrimary, keys: 2, arguments: 2) {
            batch in
            batch.append(WorkflowKeys.primary)
            batch.append(WorkflowKeys.epoch)
            batch.append(server)
            batch.append(Epoch.random().text)
        }
        guard let isNewEpoch = reply.integer else { throw .unexpectedReply }
        return isNewEpoch == 1
    }

    private func header(
        _ reply: RedisValue, perUser: Int, users: Int
    ) throws(WorkflowStateError) -> (Epoch, now: Int64, ArraySlice<RedisValue>) {
        guard case .array(let parts) = reply, parts.count == 2 + perUser * users,
            let epoch = parts[0].string.flatMap({ Epoch($0) }), let now = parts[1].integer
        else { throw .unexpectedReply }
        return (epoch, Int64(now), parts[2...])
    }

    /// The offset of a stream id, `nil` for the empty text.
    private func offset(_ id: RedisValue) -> Int64? {
        id.string.flatMap { RedisStreamID($0) }.map { Int64(clamping: $0.milliseconds) }
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

extension History {
    package init(
        _ entries: [Publication], after position: MailboxPosition, epoch: Epoch, _ recovery: MailboxRecovery
    ) {
        self.init(
            entries: entries,
            isRecovered: position.epoch == epoch && recovery.isComplete(after: position.offset),
            end: MailboxPosition(epoch: epoch, offset: recovery.end))
    }
}
