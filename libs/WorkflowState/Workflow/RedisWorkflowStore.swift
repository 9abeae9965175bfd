package import EventLoop
package import Orders
package import Redis

/// ``WorkflowStore`` in Redis.
@Loop
package final class RedisWorkflowStore: WorkflowStore {
    private let client: any RedisCommands
    private let lifetime: Duration

    package init(_ client: any RedisCommands, _ retention: Retention = Retention()) {
        self.client = client
        lifetime = retention.workflow
    }

    private var seconds: Int { lifetime.wholeSeconds }

    package func accept(_ acceptance: Acceptance) async throws(WorkflowStateError) {
        let id = acceptance.correlationID
        let replies = try await run { batch in
            // First: should the server lose the rest of this write, the order is still compared with PostgreSQL.
            batch.add("ZADD", WorkflowKeys.queued, 0, WorkflowKeys.member(acceptance.queued))
            batch.add("SET", WorkflowKeys.number(id), Int(acceptance.orderID.value), "EX", seconds)
            batch.add("SET", WorkflowKeys.owner(id), acceptance.owner.value, "EX", seconds)
            // A delayed write must not overwrite a later status of the order.
            batch.add("SET", WorkflowKeys.status(id), OrderStatus.accepted.wireName, "EX", seconds, "NX")
            batch.add("SET", WorkflowKeys.pending(acceptance.orderID), acceptance.pending, "EX", seconds)
        }
        for reply in replies { try check(reply) }
    }

    package func withdraw(_ order: QueuedOrder) async throws(WorkflowStateError) {
        let id = order.correlationID
        let replies = try await run { batch in
            batch.add("DEL", WorkflowKeys.status(id))
            batch.add("DEL", WorkflowKeys.owner(id))
            batch.add("DEL", WorkflowKeys.number(id))
            batch.add("DEL", WorkflowKeys.pending(order.orderID))
            batch.add("ZREM", WorkflowKeys.queued, WorkflowKeys.member(order))
        }
        for reply in replies { try check(reply) }
    }

    package func advance(
        _ steps: [WorkflowStep]
    ) async throws(WorkflowStateError) -> [WorkflowOutcome] {
        if steps.isEmpty { return [] }
        let arguments = 1 + steps.count * WorkflowScripts.stepArguments
        let reply = try await client.evaluating(
            WorkflowScripts.advance, keys: 1 + 3 * steps.count, arguments: arguments
        ) { batch in
            WorkflowKeys.queued.append(to: &batch)
            for step in steps {
                WorkflowKeys.status(step.correlationID).append(to: &batch)
                WorkflowKeys.owner(step.correlationID).append(to: &batch)
                WorkflowKeys.pending(step.recorded ?? step.orderID).append(to: &batch)
            }
            batch.append(seconds)
            for step in steps { append(step, to: &batch) }
        }
        guard case .array(let parts) = reply, parts.count == 2 * steps.count else { throw .unexpectedReply }
        var outcomes: [WorkflowOutcome] = []
        outcomes.reserveCapacity(steps.count)
        for index in steps.indices {
            guard let text = parts[2 * index + 1].string else { throw .unexpectedReply }
            let status = WorkflowStatus(text: text)
            guard status != nil || text.isEmpty else { throw .unexpectedReply }
            outcomes.append(WorkflowOutcome(status: status, moved: parts[2 * index] == .integer(1)))
        }
        return outcomes
    }

    private func append(_ step: WorkflowStep, to batch: inout RedisBatch) {
        batch.append(step.status.wireName)
        batch.append(WorkflowStatus(step.status, step.orderID).text)
        batch.append(step.owner?.value ?? "")
        batch.append(step.cause.number)
        if let time = step.announcedAt {
            let update = StatusUpdate(
                correlationID: step.correlationID, orderID: step.orderID, status: step.status,
                occurredAt: time)
            batch.append(UpdateCodec.frame(offset: nil, suffix: UpdateCodec.payloadSuffix(update)))
        } else {
            batch.append("" as StaticString)
        }
        if let recorded = step.recorded, let owner = step.owner {
            batch.append(
                WorkflowKeys.member(
                    QueuedOrder(owner: owner, orderID: recorded, correlationID: step.correlationID)))
        } else {
            batch.append("" as StaticString)
        }
    }

    package func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow? {
        let replies = try await run { batch in
            batch.add("MGET", WorkflowKeys.status(id), WorkflowKeys.owner(id), WorkflowKeys.number(id))
            batch.add("PTTL", WorkflowKeys.status(id))
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
        let keys = ids.map { WorkflowKeys.owner($0) } + ids.map { WorkflowKeys.status($0) }
        let reply = try await run { $0.add("MGET", list: keys) }[0]
        try check(reply)
        guard case .array(let values) = reply, values.count == keys.count else { throw .unexpectedReply }
        return ids.indices.map { index in
            values[index].string.flatMap { UserID($0) }.map {
                let status = values[ids.count + index].string.flatMap { WorkflowStatus(text: $0) }
                return RememberedOwner($0, hasStatus: status != nil && status?.status != .failed)
            }
        }
    }

    package func pending(_ id: OrderID) async throws(WorkflowStateError) -> [UInt8]? {
        let reply = try await run { $0.add("GET", WorkflowKeys.pending(id)) }[0]
        try check(reply)
        return reply.bytes
    }

    package func pending(
        of user: UserID, limit: Int
    ) async throws(WorkflowStateError) -> [PendingOrderState] {
        let (first, end) = WorkflowKeys.members(of: user)
        let members = try await members(from: first, to: end, limit)
        if members.isEmpty { return [] }
        let replies = try await run { batch in
            batch.add("MGET", list: members.lazy.map { WorkflowKeys.pending($0.orderID) })
            batch.add("MGET", list: members.lazy.map { WorkflowKeys.status($0.correlationID) })
        }
        for reply in replies { try check(reply) }
        guard case .array(let contents) = replies[0], case .array(let statuses) = replies[1] else {
            throw .unexpectedReply
        }
        return zip(contents, statuses).compactMap { contents, status in
            contents.bytes.map {
                PendingOrderState(contents: $0, status: status.string.flatMap { WorkflowStatus(text: $0) })
            }
        }
    }

    package func copies(of orders: [QueuedOrder]) async throws(WorkflowStateError) -> [OrderCopies] {
        if orders.isEmpty { return [] }
        let statuses = try await run {
            $0.add("MGET", list: orders.lazy.map { WorkflowKeys.status($0.correlationID) })
        }[0]
        try check(statuses)
        guard case .array(let values) = statuses, values.count == orders.count else { throw .unexpectedReply }
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
                    "EXISTS", WorkflowKeys.status(order.correlationID),
                    WorkflowKeys.owner(order.correlationID),
                    WorkflowKeys.number(order.correlationID), WorkflowKeys.pending(order.orderID))
                batch.add("ZSCORE", WorkflowKeys.queued, WorkflowKeys.member(order))
            }
        }
        for reply in replies { try check(reply) }
        for (place, index) in waiting.enumerated()
        where replies[2 * place] == .integer(4) && !replies[2 * place + 1].isNull {
            copies[index] = .complete
        }
        return copies
    }

    package func forget(_ order: QueuedOrder, isCancelled: Bool) async throws(WorkflowStateError) {
        let id = order.correlationID
        let replies = try await run { batch in
            if isCancelled {
                batch.add(
                    "SET", WorkflowKeys.status(id), WorkflowStatus(.cancelled, order.orderID).text, "EX",
                    seconds)
            }
            batch.add("DEL", WorkflowKeys.owner(id))
            batch.add("DEL", WorkflowKeys.pending(order.orderID))
            batch.add("ZREM", WorkflowKeys.queued, WorkflowKeys.member(order))
        }
        for reply in replies { try check(reply) }
    }

    package func queued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> [QueuedOrder] {
        try await members(from: last.map { "(" + WorkflowKeys.member($0) } ?? "-", to: "+", limit)
    }

    package func renewQueued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> QueuedOrder? {
        let members = try await queued(after: last, limit: limit)
        if members.isEmpty { return nil }
        let replies = try await run { batch in
            for order in members {
                batch.add("EXPIRE", WorkflowKeys.pending(order.orderID), seconds)
                batch.add("EXPIRE", WorkflowKeys.owner(order.correlationID), seconds)
                batch.add("EXPIRE", WorkflowKeys.number(order.correlationID), seconds)
                batch.add("GETEX", WorkflowKeys.status(order.correlationID), "EX", seconds)
            }
        }
        for reply in replies { try check(reply) }
        let done = members.enumerated().filter { index, _ in
            let status = replies[4 * index + 3].string.flatMap { WorkflowStatus(text: $0) }
            return replies[4 * index] == .integer(0) || status?.status.isFinal == true
        }
        if !done.isEmpty {
            _ = try await run { batch in
                batch.add("DEL", list: done.lazy.map { WorkflowKeys.pending($1.orderID) })
                for (_, order) in done { batch.add("ZREM", WorkflowKeys.queued, WorkflowKeys.member(order)) }
            }
        }
        return members.count < limit ? nil : members.last
    }

    private func members(
        from first: String, to end: String, _ limit: Int
    ) async throws(WorkflowStateError) -> [QueuedOrder] {
        let reply = try await run {
            $0.add("ZRANGEBYLEX", WorkflowKeys.queued, first, end, "LIMIT", 0, limit)
        }[0]
        try check(reply)
        guard case .array(let values) = reply else { throw .unexpectedReply }
        return values.compactMap { $0.string.flatMap { WorkflowKeys.order(ofMember: $0) } }
    }

    private func run(_ build: (inout RedisBatch) -> Void) async throws(WorkflowStateError) -> [RedisValue] {
        do { return try await client.pipeline(build) } catch { throw WorkflowStateError(error) }
    }

    private func check(_ reply: RedisValue) throws(WorkflowStateError) {
        if case .error(let error) = reply { throw WorkflowStateError(error) }
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
