import EventLoop
import Observability
import OrderRecords
import Orders
import Postgres

/// Takes orders while Redis or the broker does not answer: as durable as the broker, and recorded from there.
@Loop
protocol OrderIntake: AnyObject {
    /// Whether an attempt makes sense.
    var isAvailable: Bool { get }

    /// Returns when the order is stored. Repeated calls with an order change nothing; a second order with an idempotency
    /// key is refused.
    func take(_ order: IntakeOrder) async throws(OrderIntakeError)
}

struct IntakeOrder: Sendable {
    var correlationID: CorrelationID
    var orderID: OrderID
    var customer: UserID
    var idempotencyKey: String?
    /// The body of `order.accepted.v1`.
    var payload: [UInt8]
    var metadata: EventMetadata
}

struct OrderIntakeError: Error, Hashable, Sendable {
    /// Suitable for logs.
    var reason: String
    /// Whether the order may be stored all the same.
    var isOutcomeUnknown: Bool

    /// Another order has the idempotency key.
    static let keyTaken = OrderIntakeError(reason: "the key is taken", isOutcomeUnknown: false)
}

/// ``OrderIntake`` in the table `order_intake`. Orders that arrive while a statement runs share the next one.
@Loop
final class PostgresOrderIntake: OrderIntake {
    private let pool: PostgresPool
    private var waiting = Deque<(order: IntakeOrder, continuation: LoopContinuation<OrderIntakeError?>)>()
    private var isWriting = false

    private static let batch = 128
    private static let limit = 4096
    private static let timeout = Duration.milliseconds(1000)
    private static let take = PostgresStatement("SELECT accept_orders($1, $2, $3, $4, $5, $6)")

    init(_ pool: PostgresPool) { self.pool = pool }

    var isAvailable: Bool { pool.fault == nil }

    func take(_ order: IntakeOrder) async throws(OrderIntakeError) {
        guard isAvailable else { throw OrderIntakeError(reason: "unavailable", isOutcomeUnknown: false) }
        guard waiting.count < Self.limit else {
            throw OrderIntakeError(reason: "overloaded", isOutcomeUnknown: false)
        }
        let error = await Loop.suspend { continuation in
            waiting.append((order, continuation))
            guard !isWriting else { return }
            isWriting = true
            Loop.task { [self] in await write() }
        }
        if let error { throw error }
    }

    private func write() async {
        while !waiting.isEmpty {
            var batch: [(order: IntakeOrder, continuation: LoopContinuation<OrderIntakeError?>)] = []
            while batch.count < Self.batch, let next = waiting.popFirst() { batch.append(next) }
            do throws(OrderIntakeError) {
                let accepted = try await insert(batch.map(\.order))
                for (order, continuation) in batch {
                    continuation.resume(returning: accepted.contains(order.correlationID) ? nil : .keyTaken)
                }
            } catch {
                for entry in batch { entry.continuation.resume(returning: error) }
            }
        }
        isWriting = false
    }

    /// - Returns: the orders that are accepted.
    private func insert(_ orders: [IntakeOrder]) async throws(OrderIntakeError) -> Set<CorrelationID> {
        do throws(PostgresError) {
            let rows = try await pool.query(
                Self.take,
                orders.map { PostgresUUID(high: $0.correlationID.high, low: $0.correlationID.low) },
                orders.map(\.orderID.value), orders.map(\.customer.value), orders.map(\.idempotencyKey),
                orders.map { String(decoding: $0.payload, as: UTF8.self) }, orders.map(\.metadata.json),
                within: Self.timeout)
            var accepted: Set<CorrelationID> = []
            for row in rows {
                let id = try row.uuid(0)
                accepted.insert(CorrelationID(high: id.high, low: id.low))
            }
            return accepted
        } catch {
            throw OrderIntakeError(reason: "\(error)", isOutcomeUnknown: error.mayHaveCommitted)
        }
    }
}
