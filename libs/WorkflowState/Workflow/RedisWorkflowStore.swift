package import EventLoop
package import Orders
package import Redis

/// ``WorkflowStore`` in Redis.
@Loop
package final class RedisWorkflowStore: WorkflowStore {
    let client: any RedisCommands
    let keys: WorkflowKeys
    private let lifetime: Duration

    package init(_ client: any RedisCommands, _ retention: Retention = Retention()) {
        self.client = client
        keys = WorkflowKeys(isTagged: client.isCluster)
        lifetime = retention.workflow
    }

    var seconds: Int { lifetime.wholeSeconds }

    package func accept(_ acceptance: Acceptance) async throws(WorkflowStateError) {
        let id = acceptance.correlationID
        let replies = try await run { batch in
            // First: should the server lose the rest of this write, the order is still compared with PostgreSQL.
            batch.add("ZADD", keys.queued(of: acceptance.owner), 0, WorkflowKeys.member(acceptance.queued))
            batch.add("SET", keys.number(id), Int(acceptance.orderID.value), "EX", seconds)
            batch.add("SET", keys.owner(id), acceptance.owner.value, "EX", seconds)
            // A delayed write must not overwrite a later status of the order.
            batch.add("SET", keys.status(id), OrderStatus.accepted.wireName, "EX", seconds, "NX")
            batch.add(
                "SET", keys.pending(acceptance.orderID, of: acceptance.owner), acceptance.pending, "EX",
                seconds)
        }
        for reply in replies { try check(reply) }
    }

    package func withdraw(_ order: QueuedOrder) async throws(WorkflowStateError) {
        let id = order.correlationID
        let replies = try await run { batch in
            batch.add("DEL", keys.status(id))
            batch.add("DEL", keys.owner(id))
            batch.add("DEL", keys.number(id))
            batch.add("DEL", keys.pending(order.orderID, of: order.owner))
            batch.add("ZREM", keys.queued(of: order.owner), WorkflowKeys.member(order))
        }
        for reply in replies { try check(reply) }
    }

    package func advance(
        _ steps: [WorkflowStep]
    ) async throws(WorkflowStateError) -> [WorkflowOutcome] {
        if steps.isEmpty { return [] }
        if keys.isTagged { return try await advanceApart(steps) }
        let arguments = 1 + steps.count * WorkflowScripts.stepArguments
        let reply = try await client.evaluating(
            WorkflowScripts.advance, keys: 1 + 3 * steps.count, arguments: arguments
        ) { batch in
            keys.queued[0].append(to: &batch)
            for step in steps {
                keys.status(step.correlationID).append(to: &batch)
                keys.owner(step.correlationID).append(to: &batch)
                WorkflowKeys.plainPending(step.orderID).append(to: &batch)
            }
            batch.append(seconds)
            for step in steps { append(step, to: &batch) }
        }
        guard case .array(let parts) = reply, parts.count == 2 * steps.count else { throw .unexpectedReply }
        var outcomes: [WorkflowOutcome] = []
        outcomes.reserveCapacity(steps.count)
        for index in steps.indices {
            outcomes.append(try WorkflowOutcome(moved: parts[2 * index], status: parts[2 * index + 1]))
        }
        return outcomes
    }

    private func append(_ step: WorkflowStep, to batch: inout RedisBatch) {
        batch.append(step.status.wireName)
        batch.append(WorkflowStatus(step.status, step.orderID).text)
        batch.append(step.owner?.value ?? "")
        batch.append(step.cause.number)
        if let frame = step.frame {
            batch.append(frame)
        } else {
            batch.append("" as StaticString)
        }
        if step.isRecorded, let owner = step.owner {
            batch.append(
                WorkflowKeys.member(
                    QueuedOrder(owner: owner, orderID: step.orderID, correlationID: step.correlationID)))
        } else {
            batch.append("" as StaticString)
        }
    }

    package func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow? {
        let replies = try await run { batch in
            batch.add("MGET", keys.status(id), keys.owner(id), keys.number(id))
            batch.add("PTTL", keys.status(id))
        }
        for reply in replies { try check(reply) }
        guard case .array(let values) = replies[0], values.count == 3 else { throw .unexpectedReply }
        guard let text = values[0].string else { return nil }
        guard let status = WorkflowStatus(text: text) else { throw .unexpectedReply }
        let left = Duration.milliseconds(max(0, replies[1].integer ?? 0))
        return Workflow(
            status: status, orderID: values[2].string.flatMap { OrderID($0) },
            owner: values[1].string.flatMap { UserID($0) }, age: max(.zero, lifetime - left))
    }

    package func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [RememberedOwner?] {
        if ids.isEmpty { return [] }
        let values = try await values(ids.map { keys.owner($0) } + ids.map { keys.status($0) })
        return ids.indices.map { index in
            values[index].string.flatMap { UserID($0) }.map {
                let status = values[ids.count + index].string.flatMap { WorkflowStatus(text: $0) }
                return RememberedOwner($0, hasStatus: status != nil && status?.status != .failed)
            }
        }
    }

    package func pending(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> [UInt8]? {
        let reply = try await run { $0.add("GET", keys.pending(id, of: user)) }[0]
        try check(reply)
        return reply.bytes
    }

    package func pending(
        of user: UserID, limit: Int
    ) async throws(WorkflowStateError) -> [PendingOrderState] {
        let (first, end) = WorkflowKeys.members(of: user)
        let members = try await members(of: keys.queued(of: user), from: first, to: end, limit)
        if members.isEmpty { return [] }
        let values = try await values(
            members.map { keys.pending($0.orderID, of: $0.owner) }
                + members.map { keys.status($0.correlationID) })
        return zip(values, values[members.count...]).compactMap { contents, status in
            contents.bytes.map {
                PendingOrderState(contents: $0, status: status.string.flatMap { WorkflowStatus(text: $0) })
            }
        }
    }

    package func copies(of orders: [QueuedOrder]) async throws(WorkflowStateError) -> [OrderCopies] {
        if orders.isEmpty { return [] }
        let values = try await values(orders.map { keys.status($0.correlationID) })
        var copies = values.map { value in
            value.string.flatMap { WorkflowStatus(text: $0) }?.status.isFinal == true
                ? OrderCopies.settled : .incomplete
        }
        let waiting = copies.indices.filter { copies[$0] != .settled }
        if waiting.isEmpty { return copies }
        let replies = try await run { batch in
            for index in waiting {
                let order = orders[index]
                batch.add(
                    "EXISTS", keys.status(order.correlationID), keys.owner(order.correlationID),
                    keys.number(order.correlationID))
                batch.add("EXISTS", keys.pending(order.orderID, of: order.owner))
                batch.add("ZSCORE", keys.queued(of: order.owner), WorkflowKeys.member(order))
            }
        }
        for reply in replies { try check(reply) }
        for (place, index) in waiting.enumerated()
        where replies[3 * place] == .integer(3) && replies[3 * place + 1] == .integer(1)
            && !replies[3 * place + 2].isNull
        {
            copies[index] = .complete
        }
        return copies
    }

    package func forget(_ order: QueuedOrder, isCancelled: Bool) async throws(WorkflowStateError) {
        let id = order.correlationID
        let replies = try await run { batch in
            if isCancelled {
                batch.add(
                    "SET", keys.status(id), WorkflowStatus(.cancelled, order.orderID).text, "EX",
                    seconds)
            }
            batch.add("DEL", keys.owner(id))
            batch.add("DEL", keys.pending(order.orderID, of: order.owner))
            batch.add("ZREM", keys.queued(of: order.owner), WorkflowKeys.member(order))
        }
        for reply in replies { try check(reply) }
    }

    package func queued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> [QueuedOrder] {
        var found: [QueuedOrder] = []
        var first = last.map { "(" + WorkflowKeys.member($0) } ?? "-"
        for key in keys.queued[(last.map { keys.placeInQueued(of: $0.owner) } ?? 0)...]
        where found.count < limit {
            found += try await members(of: key, from: first, to: "+", limit - found.count)
            first = "-"
        }
        return found
    }

    package func renewQueued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> QueuedOrder? {
        let members = try await queued(after: last, limit: limit)
        if members.isEmpty { return nil }
        let found = try await run { batch in
            for order in members {
                batch.add("GET", keys.status(order.correlationID))
                batch.add("EXISTS", keys.pending(order.orderID, of: order.owner))
            }
        }
        for reply in found { try check(reply) }
        let replies = try await run { batch in
            for (index, order) in members.enumerated() {
                let status = found[2 * index].string.flatMap { WorkflowStatus(text: $0) }?.status
                if found[2 * index + 1] == .integer(0) || status?.isFinal == true && status != .failed {
                    batch.add("DEL", keys.pending(order.orderID, of: order.owner))
                    batch.add("ZREM", keys.queued(of: order.owner), WorkflowKeys.member(order))
                } else if status != .failed {
                    batch.add("EXPIRE", keys.pending(order.orderID, of: order.owner), seconds)
                    for key in [keys.owner, keys.number, keys.status] {
                        batch.add("EXPIRE", key(order.correlationID), seconds)
                    }
                }
            }
        }
        for reply in replies { try check(reply) }
        return members.count < limit ? nil : members.last
    }

    private func members(
        of index: RedisKey, from first: String, to end: String, _ limit: Int
    ) async throws(WorkflowStateError) -> [QueuedOrder] {
        let reply = try await run {
            $0.add("ZRANGEBYLEX", index, first, end, "LIMIT", 0, limit)
        }[0]
        try check(reply)
        guard case .array(let values) = reply else { throw .unexpectedReply }
        return values.compactMap { $0.string.flatMap { WorkflowKeys.order(ofMember: $0) } }
    }

    private func values(_ keys: [RedisKey]) async throws(WorkflowStateError) -> [RedisValue] {
        do { return try await client.values(of: keys) } catch { throw WorkflowStateError(error) }
    }

    func run(_ build: (inout RedisBatch) -> Void) async throws(WorkflowStateError) -> [RedisValue] {
        do { return try await client.pipeline(build) } catch { throw WorkflowStateError(error) }
    }

    func check(_ reply: RedisValue) throws(WorkflowStateError) {
        if case .error(let error) = reply { throw WorkflowStateError(error) }
    }
}

extension WorkflowOutcome {
    init(moved: RedisValue, status: RedisValue) throws(WorkflowStateError) {
        guard let text = status.string else { throw .unexpectedReply }
        let status = WorkflowStatus(text: text)
        guard status != nil || text.isEmpty else { throw .unexpectedReply }
        self.init(status: status, moved: moved == .integer(1))
    }
}

extension WorkflowStep {
    /// The ephemeral update for the owner's channel.
    var frame: [UInt8]? {
        announcedAt.map { time in
            let update = StatusUpdate(
                correlationID: correlationID, orderID: orderID, status: status, occurredAt: time)
            return UpdateCodec.frame(offset: nil, suffix: UpdateCodec.payloadSuffix(update))
        }
    }
}

extension RedisCommands {
    /// ``evaluate(_:keys:arguments:_:)`` with this library's error.
    func evaluating(
        _ script: RedisScript, keys: Int, arguments: Int, _ append: (inout RedisBatch) -> Void
    ) async throws(WorkflowStateError) -> RedisValue {
        do { return try await evaluate(script, keys: keys, arguments: arguments, append) } catch {
            throw WorkflowStateError(error)
        }
    }
}
