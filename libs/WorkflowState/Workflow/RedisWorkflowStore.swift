package import EventLoop
package import Orders
package import Redis

/// ``WorkflowStore`` in Redis.
@Loop
package final class RedisWorkflowStore: WorkflowStore {
    private let client: RedisClient
    private let lifetime: Duration

    package init(_ client: RedisClient, _ retention: Retention = Retention()) {
        self.client = client
        lifetime = retention.workflow
    }

    private var seconds: Int { lifetime.wholeSeconds }

    package func accept(_ acceptance: Acceptance) async throws(WorkflowStateError) {
        let id = acceptance.correlationID
        let replies = try await run { batch in
            batch.add("SET", WorkflowKeys.number(id), Int(acceptance.orderID.value), "EX", seconds)
            batch.add("SET", WorkflowKeys.owner(id), acceptance.owner.value, "EX", seconds)
            // A delayed write must not overwrite a later status of the order.
            batch.add("SET", WorkflowKeys.status(id), OrderStatus.accepted.wireName, "EX", seconds, "NX")
            batch.add("SET", WorkflowKeys.pending(acceptance.orderID), acceptance.pending, "EX", seconds)
        }
        for reply in replies { try check(reply) }
    }

    package func withdraw(
        _ id: CorrelationID, _ orderID: OrderID
    ) async throws(WorkflowStateError) -> Bool {
        let reply = try await client.evaluating(WorkflowScripts.withdraw, keys: 4, arguments: 0) { batch in
            WorkflowKeys.status(id).append(to: &batch)
            WorkflowKeys.owner(id).append(to: &batch)
            WorkflowKeys.pending(orderID).append(to: &batch)
            WorkflowKeys.number(id).append(to: &batch)
        }
        return reply == .integer(1)
    }

    package func advance(
        _ steps: [WorkflowStep]
    ) async throws(WorkflowStateError) -> [WorkflowOutcome] {
        if steps.isEmpty { return [] }
        let arguments = 1 + steps.count * WorkflowScripts.stepArguments
        let reply = try await client.evaluating(
            WorkflowScripts.advance, keys: 3 * steps.count, arguments: arguments
        ) { batch in
            for step in steps {
                WorkflowKeys.status(step.correlationID).append(to: &batch)
                WorkflowKeys.owner(step.correlationID).append(to: &batch)
                WorkflowKeys.pending(step.orderID).append(to: &batch)
            }
            batch.append(seconds)
            for step in steps { append(step, to: &batch) }
        }
        guard case .array(let parts) = reply, parts.count == 2 * steps.count else { throw .unexpectedReply }
        var outcomes: [WorkflowOutcome] = []
        outcomes.reserveCapacity(steps.count)
        for index in steps.indices {
            guard let text = parts[2 * index + 1].string, let status = WorkflowStatus(text: text) else {
                throw .unexpectedReply
            }
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
        batch.append(step.isPersisted ? 1 : 0)
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

    package func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [UserID?] {
        if ids.isEmpty { return [] }
        let reply = try await run { $0.add("MGET", list: ids.lazy.map { WorkflowKeys.owner($0) }) }[0]
        try check(reply)
        guard case .array(let values) = reply, values.count == ids.count else { throw .unexpectedReply }
        return values.map { $0.string.flatMap { UserID($0) } }
    }

    package func pending(_ id: OrderID) async throws(WorkflowStateError) -> [UInt8]? {
        let reply = try await run { $0.add("GET", WorkflowKeys.pending(id)) }[0]
        try check(reply)
        return reply.bytes
    }

    package func discardPending(_ ids: [OrderID]) async throws(WorkflowStateError) {
        if ids.isEmpty { return }
        try check(try await run { $0.add("DEL", list: ids.lazy.map { WorkflowKeys.pending($0) }) }[0])
    }

    package func refresh(_ ids: [CorrelationID]) async throws(WorkflowStateError) {
        let replies = try await run { batch in
            for id in ids {
                batch.add("EXPIRE", WorkflowKeys.owner(id), seconds)
                batch.add("EXPIRE", WorkflowKeys.status(id), seconds)
                batch.add("EXPIRE", WorkflowKeys.number(id), seconds)
            }
        }
        for reply in replies { try check(reply) }
    }

    private func run(_ build: (inout RedisBatch) -> Void) async throws(WorkflowStateError) -> [RedisValue] {
        do { return try await client.pipeline(build) } catch { throw WorkflowStateError(error) }
    }

    private func check(_ reply: RedisValue) throws(WorkflowStateError) {
        if case .error(let error) = reply { throw WorkflowStateError(error) }
    }
}

extension RedisClient {
    /// ``evaluate(_:keys:arguments:_:)`` with this library's error.
    func evaluating(
        _ script: RedisScript, keys: Int, arguments: Int, _ append: (inout RedisBatch) -> Void
    ) async throws(WorkflowStateError) -> RedisValue {
        do { return try await evaluate(script, keys: keys, arguments: arguments, append) } catch {
            throw WorkflowStateError(error)
        }
    }
}
