import AMQP
import Bytes
import EventLoop
import JSON
import Messaging
import Orders
import Redis

/// The whole way of one order: what PostgreSQL, Redis, the dead-letter queues and the replicas' traces know of it.
@Loop
struct ExplainOrder {
    /// Dead letters of a queue that are looked through.
    private static let deadLetterLimit = 500

    let lookup: OrderLookup
    let copies: RememberedOrders
    let traces: TraceCollector
    let queues: QueueDepths
    let deadLetters: @Loop (OrderTopology.WorkQueue) -> DeadLetterQueue
    let registry: ReplicaRegistry

    /// Nil when nobody knows the order; what does not answer is listed under `unknown`.
    func explain(_ reference: OrderReference) async -> JSONValue? {
        var unknown: [String] = []
        var facts = OrderFinding.Facts()
        let depths = Loop.task { try? await queues.read() }
        do {
            facts.recorded = try await lookup.find(reference)
        } catch {
            facts.away.append("postgres")
            unknown.append("PostgreSQL does not answer: what is recorded is not known")
        }
        guard let id = await correlationID(of: reference, facts.recorded) else { return nil }
        let pages = Loop.task { await traces.collect(id.description) }
        do {
            facts.copies = try await copies.read(id, owner: facts.recorded?.customer)
        } catch {
            facts.away.append("redis")
            unknown.append("Redis does not answer: its copies and the mailbox are not known")
        }
        let found = await find(id, await depths.value, &facts, &unknown)
        var timeline = OrderTimeline()
        for page in await pages.value {
            timeline.add(page)
            if let since = page.rememberedSince,
                since > id.timestamp.map({ Int($0.milliseconds) * 1000 }) ?? 0
            {
                unknown.append("earlier steps of \(page.replica): its memory begins later")
            }
            if page.spans == nil {
                unknown.append("the steps of \(page.replica), which does not answer")
            }
        }
        let isFound = facts.recorded != nil || facts.copies?.status != nil || !found.isEmpty
        guard isFound || !timeline.isEmpty || !facts.away.isEmpty else { return nil }
        for event in facts.recorded?.events ?? [] { timeline.add(event) }
        for (at, status) in facts.copies?.delivered ?? [] {
            timeline.add(
                .init(at: at, text: "\(status.wireName) is in the owner's mailbox", source: "mailbox"))
        }
        let status = facts.recorded?.status ?? facts.copies?.status
        facts.pushes = status.flatMap { timeline.pushes[$0] }
        let owner = facts.recorded?.customer ?? facts.copies?.owner
        return .object([
            .init("order", order(id, facts, owner)),
            .init("finding", OrderFinding(facts).json),
            .init("traces", .array(traceIDs(facts).map { .string($0) })),
            .init("steps", timeline.json), .init("deadLetters", .array(found)),
            .init("sessions", .array(await sessions(of: owner))),
            .init("unknown", .array(unknown.map { .string($0) })),
        ])
    }

    /// Of an order that is not recorded, Redis may know it.
    private func correlationID(
        of reference: OrderReference, _ recorded: FoundOrder?
    ) async -> CorrelationID? {
        if let recorded { return recorded.correlationID }
        switch reference {
        case .workflow(let id): return id
        case .order(let id): return try? await copies.correlationID(of: id)
        }
    }

    /// Looks through the dead letters, unless there are none.
    private func find(
        _ id: CorrelationID, _ depths: [QueueDepths.Depth]?, _ facts: inout OrderFinding.Facts,
        _ unknown: inout [String]
    ) async -> [JSONValue] {
        guard let depths else {
            facts.away.append("rabbitmq")
            unknown.append("RabbitMQ does not answer: queues and dead letters are not known")
            return []
        }
        facts.queue = depths.first { $0.queue == .accepted }
        var found: [JSONValue] = []
        for depth in depths where depth.dead > 0 {
            do throws(AMQPError) {
                let text = id.description
                for message in try await deadLetters(depth.queue).list(limit: Self.deadLetterLimit)
                where message.envelope.correlationID.hasSameBytes(as: text) {
                    facts.deadLetters.append(
                        (
                            OrderTopology.deadLetterQueue(of: depth.name),
                            message.envelope.failure?.reason ?? "no reason"
                        ))
                    found.append(DeadLetterText.json(message, in: depth.queue))
                }
                if depth.dead > Self.deadLetterLimit {
                    unknown.append(
                        "\(depth.name) has \(depth.dead) dead letters; the oldest \(Self.deadLetterLimit) were looked at"
                    )
                }
            } catch {
                unknown.append("the dead letters of \(depth.name) could not be read")
            }
        }
        return found
    }

    private func order(
        _ id: CorrelationID, _ facts: OrderFinding.Facts, _ owner: UserID?
    ) -> JSONValue {
        var members: [JSONValue.Member] = [.init("correlationId", .string(id.description))]
        if let owner { members.append(.init("customerId", .string(owner.value))) }
        let status = facts.recorded?.status ?? facts.copies?.status
        members.append(.init("status", status.map { .string($0.wireName) } ?? .null))
        members.append(.init("remembered", facts.copies?.status.map { .string($0.wireName) } ?? .null))
        if let recorded = facts.recorded {
            members.append(.init("id", .number(recorded.id.description)))
            members += recorded.members
            if let code = recorded.failureCode { members.append(.init("failureCode", .string(code))) }
        }
        return .object(members)
    }

    private func traceIDs(_ facts: OrderFinding.Facts) -> [String] {
        var ids: [String] = []
        for id in (facts.recorded?.events ?? []).compactMap(\.traceID)
        where !ids.contains(where: { $0.hasSameBytes(as: id) }) { ids.append(id) }
        return ids
    }

    private func sessions(of user: UserID?) async -> [JSONValue] {
        guard let user else { return [] }
        return (try? await registry.sessions(of: user)) ?? []
    }
}

extension OrderFinding {
    fileprivate var json: JSONValue {
        .object([.init("summary", .string(summary)), .init("next", next.map { .string($0) } ?? .null)])
    }
}
