import EventLoop
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

@testable import OrderAccept

/// Operations that a seed chooses, on the simulation's tables and on PostgreSQL: orders of two users, some of which share an
/// idempotency key or an id.
@Loop
final class OperationSequence {
    var operations: [String] = []
    private let live: LiveTables
    private let tables = SimulatedTables()
    private let process = Liveness()
    private var random: Numbers
    private let users: [UserID]
    private var orders: [OrderAccepted] = []
    private let firstID: Int64

    /// SplitMix64.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    init(_ seed: UInt64, _ live: LiveTables) {
        self.live = live
        random = Numbers(state: seed)
        firstID = Int64(seed) * 100
        users = [1, 2].map { UserID("USER-\(seed)-\($0)")! }
        let keys = (1...8).map { _ in drawn(of: 3) ? nil : "key-\(drawn(1...2))" }
        let keyless = keys.indices.filter { keys[$0] == nil }
        for (index, key) in keys.enumerated() {
            // Ids are given twice only when a sequence was set back; what repeats a key has its own.
            let id = key == nil && drawn(of: 4) ? keyless[drawn(0...(keyless.count - 1))] : index
            orders.append(
                order(index + 1, id: id + 1, of: users[drawn(0...1)], key: key, quantity: drawn(1...2)))
        }
    }

    private func drawn(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    private func drawn(of count: Int) -> Bool { drawn(1...count) == 1 }
    private func anOrder() -> OrderAccepted { orders[drawn(0...(orders.count - 1))] }

    private func order(
        _ number: Int, id: Int, of user: UserID, key: String?, quantity: Int
    ) -> OrderAccepted {
        let line = OrderLine(
            productID: "AZ-104", productName: "Azure", imageURL: "/a.svg",
            unitPrice: Money(hundredths: 14_095), quantity: quantity)
        return OrderAccepted(
            Order(
                id: OrderID(firstID + Int64(id))!,
                correlationID: CorrelationID(
                    unixMilliseconds: 1_767_225_600_000, randomA: 7, randomB: UInt64(firstID) + UInt64(number)
                ),
                customer: user, createdAt: Timestamp(milliseconds: 1_767_225_600_000 + Int64(number)),
                status: .accepted, total: Money(hundredths: 14_095 * Int64(quantity)), currency: .euro,
                lines: [line]), idempotencyKey: key)
    }

    private func event(_ type: OrderEventType, _ payload: [UInt8], of order: OrderAccepted) -> LoggedEvent {
        LoggedEvent(
            type, payload: payload,
            metadata: EventMetadata(
                messageID: "\(type)-\(drawn(1...1_000_000))", correlationID: order.correlationID),
            occurredAt: order.acceptedAt)
    }

    private func record(_ order: OrderAccepted) -> OrderRecord? {
        let hasFailed = drawn(of: 5)
        let (id, orderID) = (order.correlationID, order.orderID)
        let outcome =
            hasFailed
            ? event(
                .failed, OrderFailed(correlationID: id, orderID: orderID, reason: "why").encode(), of: order)
            : event(
                .processed,
                OrderProcessed(correlationID: id, orderID: orderID, processedAt: order.acceptedAt).encode(),
                of: order)
        return OrderRecord(
            order, hasFailed ? .failed : .completed, currency: .euro,
            acceptance: event(.accepted, order.encode(), of: order), outcome: outcome)
    }

    // MARK: Steps

    /// - Returns: what was done, and the answers of the simulation and of PostgreSQL.
    func step() async throws -> (operation: String, simulated: String, real: String) {
        switch drawn(1...14) {
        case 1, 2, 3: try await record()
        case 4: try await cancel()
        case 5: try await delete()
        case 6, 7: try await take()
        case 8: try await sweepIntake()
        case 9: try await sweepOutbox()
        case 10: try await markPublished()
        default: try await ask()
        }
    }

    private func record() async throws -> (String, String, String) {
        // A batch has no id twice.
        var batch: [OrderAccepted] = []
        for order in [anOrder(), anOrder(), anOrder()]
        where !batch.contains(where: {
            $0.correlationID == order.correlationID || $0.orderID == order.orderID
        }) { batch.append(order) }
        let records = batch.compactMap { record($0) }
        let simulated = try tables.record(records)
        let real = try await live.store.record(records)
        return (
            "record \(batch.map { text($0) })", "\(simulated.map { text($0) })", "\(real.map { text($0) })"
        )
    }

    private func cancel() async throws -> (String, String, String) {
        let contents = anOrder()
        guard let order = Order(contents) else { return ("", "", "") }
        let cancellation = OrderCancellation(
            order: order, idempotencyKey: contents.idempotencyKey,
            acceptance: event(.accepted, contents.encode(), of: contents),
            cancellation: event(
                .cancelled,
                OrderCancelled(
                    correlationID: order.correlationID, orderID: order.id, cancelledAt: order.createdAt
                ).encode(), of: contents))
        let isDeletion = drawn(of: 3)
        let real = try await live.queries.cancel(cancellation, isDeletion: isDeletion)
        return (
            "\(isDeletion ? "cancel and delete" : "cancel") \(text(contents))",
            "\(optional: tables.cancel(cancellation, isDeletion: isDeletion)?.wireName)",
            "\(optional: real?.wireName)"
        )
    }

    private func delete() async throws -> (String, String, String) {
        let (id, user) = (anOrder().orderID, users[drawn(0...1)])
        let real = try await live.queries.delete(id, of: user)
        return ("delete \(id) of \(user)", "\(optional: tables.delete(id, of: user))", "\(optional: real)")
    }

    private func take() async throws -> (String, String, String) {
        let order = anOrder()
        let entry = IntakeOrder(
            correlationID: order.correlationID, orderID: order.orderID, customer: order.customer,
            idempotencyKey: order.idempotencyKey, payload: order.encode(),
            metadata: EventMetadata(messageID: "m", correlationID: order.correlationID))
        var isTaken = true
        do throws(OrderIntakeError) { try await live.taking.take(entry) } catch {
            guard error == .keyTaken else { throw error }
            isTaken = false
        }
        return ("take \(text(order))", "\(tables.take(entry))", "\(isTaken)")
    }

    private func sweepIntake() async throws -> (String, String, String) {
        let removed = (0..<8).map { _ in drawn(of: 2) }
        let taken = tables.beginIntake(process, limit: 8)
        _ = tables.endIntake(
            process, removed: zip(taken, removed).compactMap { $1 ? $0.order.correlationID : nil })
        var found: [CorrelationID] = []
        _ = try await live.intake.sweep(limit: 8) { entries in
            found = entries.map(\.metadata.correlationID)
            return Array(removed.prefix(entries.count))
        }
        return (
            "sweep the intake, remove \(removed)", "\(taken.map(\.order.correlationID))", "\(found)"
        )
    }

    private func sweepOutbox() async throws -> (String, String, String) {
        let published = (0..<20).map { _ in drawn(of: 2) }
        let due = tables.beginRelay(process, olderThan: .seconds(-1), limit: 20) ?? []
        _ = tables.endRelay(process, published: zip(due, published).compactMap { $1 ? $0.key : nil })
        var found: [UnpublishedEvent] = []
        try await live.sweepOutbox(limit: 20) { events in
            found = events
            return events.map { event in due.firstIndex { $0.key == event.key }.map { published[$0] } ?? false
            }
        }
        func text(_ events: [UnpublishedEvent]) -> String {
            "\(events.map { "\($0.key.orderID).\($0.key.version) \($0.event.type)" }.sorted())"
        }
        return ("sweep the outbox, publish \(published)", text(due), text(found))
    }

    private func markPublished() async throws -> (String, String, String) {
        let key = EventKey(anOrder().orderID, version: 2)
        tables.markPublished([key])
        if drawn(of: 2) {
            live.store.markPublished([key])
            await live.store.flush()
        } else {
            try await live.queries.markPublished(key)
        }
        let backlog = try await live.outbox.backlog()
        return ("mark \(key.orderID) published", "\(tables.outbox.count)", "\(backlog.count)")
    }

    private func ask() async throws -> (String, String, String) {
        let (order, user, queries) = (anOrder(), users[drawn(0...1)], live.queries)
        let ids = orders.map(\.correlationID)
        switch drawn(1...7) {
        case 1:
            let real = try await queries.order(order.orderID, of: user)
            return (
                "order \(order.orderID) of \(user)", text(tables.order(order.orderID, of: user)), text(real)
            )
        case 2:
            let key = IdempotencyKey(user: user, key: "key-\(drawn(1...2))")
            let real = try await queries.order(placedWith: key, within: .seconds(5))
            return ("order under \(key.key) of \(user)", text(tables.order(placedWith: key)), text(real))
        case 3:
            func text(_ outcomes: [CorrelationID: RecordedOutcome]) -> String {
                outcomes.map { "\($0): \($1.orderID) \($1.status.wireName)" }.sorted().joined(separator: "\n")
            }
            return ("outcomes", text(tables.outcomes(of: ids)), text(try await queries.outcomes(of: ids)))
        case 4:
            let numbers = orders.map(\.orderID)
            let real = try await queries.recorded(numbers)
            return ("recorded", "\(tables.recorded(numbers).sorted())", "\(real.sorted())")
        case 5:
            func text(_ report: StatusReport?) -> String {
                report.map { "\($0.correlationID) \($0.orderID) \($0.status.wireName)" } ?? "none"
            }
            let real = try await queries.status(order.correlationID, of: user)
            return (
                "status \(order.correlationID) of \(user)",
                text(tables.status(order.correlationID, of: user)), text(real)
            )
        case 6:
            func text(_ owners: [CorrelationID: OrderOwner]) -> String {
                owners.map {
                    "\($0): \($1.user) \($1.orderID) \($1.status?.wireName ?? "waits")\($1.isDeleted ? " deleted" : "")"
                }.sorted().joined(separator: "\n")
            }
            return ("owners", text(tables.owners(of: ids)), text(try await live.owners.owners(of: ids)))
        default: return try await page(of: user)
        }
    }

    private func page(of user: UserID) async throws -> (String, String, String) {
        let start =
            drawn(of: 2)
            ? PageRange.Start.offset(drawn(0...4))
            : Order(anOrder()).map { .after(OrderCursor($0)) } ?? .offset(0)
        let range = PageRange(start: start, size: drawn(1...5))
        let pending = orders.filter { $0.customer == user && drawn(of: 3) }.compactMap { contents in
            Order(contents).map {
                StoredOrder(order: $0, isRecorded: false, idempotencyKey: contents.idempotencyKey)
            }
        }
        func text(_ page: OrderPage) -> String {
            "\(page.total) in all\(page.hasMore ? ", more follow" : "")\n"
                + page.orders.map { self.text($0) }.joined(separator: "\n")
        }
        let real = try await live.queries.page(of: user, range, pending: pending)
        return (
            "page of \(user) from \(range), pending \(pending.map(\.order.id))",
            text(tables.page(of: user, range, pending: pending)), text(real)
        )
    }

    // MARK: Texts

    private func text(_ order: OrderAccepted) -> String {
        "\(order.orderID) \(order.correlationID) of \(order.customer) \(order.idempotencyKey ?? "-") × \(order.lines[0].quantity)"
    }

    private func text(_ order: Order?) -> String {
        order.map {
            "\($0.id) \($0.correlationID) of \($0.customer) \($0.status.wireName) × \($0.lines[0].quantity) \($0.total)"
        } ?? "none"
    }

    private func text(_ order: StoredOrder?) -> String {
        order.map {
            "\(text($0.order)), \($0.isRecorded ? "recorded" : "waits under \($0.idempotencyKey ?? "-")")"
        } ?? "none"
    }

    private func text(_ order: RecordedOrder?) -> String {
        order.map {
            """
            \($0.orderID) \($0.correlationID) of \($0.owner) \($0.status.wireName) \($0.event.metadata.messageID) \
            \($0.version)\($0.isPublished ? " published" : "")\($0.isNew ? " new" : "")\($0.isAliased ? " aliased" : "")
            """
        } ?? "none"
    }
}

extension DefaultStringInterpolation {
    fileprivate mutating func appendInterpolation(optional value: (some Any)?) {
        if let value { appendInterpolation(value) } else { appendLiteral("none") }
    }
}
