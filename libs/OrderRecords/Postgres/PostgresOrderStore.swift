package import EventLoop
internal import OrderEvents
package import Orders
package import Postgres

/// ``OrderStore`` in PostgreSQL. A batch is one transaction in one round trip.
@Loop
package final class PostgresOrderStore: OrderStore, Service {
    private let pool: PostgresPool
    private let acknowledger: PublishAcknowledger
    /// Customers whose row exists, which need no insert. Customers are never deleted; any error, such as a violated
    /// foreign key, clears the set.
    private var existingCustomers: Set<UserID> = []

    private static let existingCustomersLimit = 16_384
    /// Tries of a transaction that conflicts with others.
    private static let attempts = 3

    /// - Parameter pool: with sessions that are opened after the migrations (``OrderDatabase``).
    package init(_ pool: PostgresPool) {
        self.pool = pool
        acknowledger = PublishAcknowledger(pool)
    }

    package func record(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?] {
        if records.isEmpty { return [] }
        var new = try await insert(records)
        var recorded: [CorrelationID: RecordedOrder] = [:]
        let missing = records.filter { !new.contains($0.contents.correlationID) }
        if !missing.isEmpty {
            for record in missing where record.isReplay { try await reopenFailed(record) }
            recorded = try await resolve(missing.map(\.contents))
            // Redis forgot the key, and another order was accepted under it: nothing that was accepted is dropped.
            let others = missing.filter {
                $0.contents.idempotencyKey != nil && recorded[$0.contents.correlationID] == nil
            }
            if !others.isEmpty { new.formUnion(try await insert(others.map(\.withoutKey))) }
        }
        return records.map { record in
            let id = record.contents.correlationID
            if new.contains(id) { return RecordedOrder(new: record) }
            guard let order = recorded[id], order.isAliased || order.orderID == record.contents.orderID else {
                return nil
            }
            return order
        }
    }

    /// - Returns: the orders that are new.
    private func insert(_ records: [OrderRecord]) async throws(OrderRecordsError) -> Set<CorrelationID> {
        // Batches in different orders would deadlock.
        let records = records.sorted { $0.contents.orderID < $1.contents.orderID }
        var failures = 0
        while true {
            do throws(PostgresError) {
                return try await insertOnce(records)
            } catch {
                existingCustomers = []
                failures += 1
                guard error.isSerializationConflict, failures < Self.attempts else {
                    throw OrderRecordsError(error)
                }
            }
        }
    }

    private func insertOnce(_ records: [OrderRecord]) async throws(PostgresError) -> Set<CorrelationID> {
        let customers = Set(records.map(\.contents.customer)).subtracting(existingCustomers)
        let published = acknowledger.removePending()
        let results: [PostgresRows]
        do throws(PostgresError) {
            results = try await pool.pipeline { batch in
                if !customers.isEmpty {
                    batch.add(OrderStoreStatements.insertCustomers, customers.map(\.value).sorted())
                }
                batch.add(OrderStoreStatements.insertOrders, RecordColumns(records).parameters)
                if !published.isEmpty { PublishAcknowledger.add(published, to: &batch) }
            }
        } catch {
            acknowledger.add(published)
            throw error
        }
        if existingCustomers.count + customers.count > Self.existingCustomersLimit { existingCustomers = [] }
        existingCustomers.formUnion(customers)
        var ids: Set<CorrelationID> = []
        for row in results[customers.isEmpty ? 0 : 1] { ids.insert(CorrelationID(try row.uuid(0))) }
        return ids
    }

    private func reopenFailed(_ record: OrderRecord) async throws(OrderRecordsError) {
        do throws(PostgresError) {
            try await pool.query(
                OrderStoreStatements.reopenFailed, record.contents.orderID.value,
                PostgresUUID(record.contents.correlationID),
                record.status.wireName, record.outcome.type.rawValue,
                String(decoding: record.outcome.payload, as: UTF8.self), record.outcome.metadata.json,
                PostgresTimestamp(record.outcome.occurredAt))
        } catch {
            throw OrderRecordsError(error)
        }
    }

    /// The recorded orders of these messages, by the messages' correlation ids.
    private func resolve(
        _ orders: [OrderAccepted]
    ) async throws(OrderRecordsError) -> [CorrelationID: RecordedOrder] {
        do throws(PostgresError) {
            var recorded: [CorrelationID: RecordedOrder] = [:]
            let rows = try await pool.query(
                OrderStoreStatements.resolve, orders.map(\.orderID.value),
                orders.map { PostgresUUID($0.correlationID) },
                orders.map(\.customer.value), orders.map(\.idempotencyKey), orders.map(\.lineSummary))
            for row in rows {
                let id = CorrelationID(try row.uuid(0))
                var order = try RecordedOrder(row)
                order.isAliased = order.correlationID != id
                recorded[id] = order
            }
            return recorded
        } catch {
            throw OrderRecordsError(error)
        }
    }

    package func markPublished(_ events: [EventKey]) { acknowledger.add(events) }

    package func drain(until deadline: Instant) async { await flush() }

    /// Writes the pending marks of ``markPublished(_:)``.
    package func flush() async { await acknowledger.flush() }

    package func currencies() async throws(OrderRecordsError) -> [ProductID: Currency] {
        do throws(PostgresError) {
            var currencies: [ProductID: Currency] = [:]
            for row in try await pool.query(OrderStoreStatements.currencies) {
                currencies[ProductID(try row.string(0))] = Currency(try row.string(1)) ?? .euro
            }
            return currencies
        } catch {
            throw OrderRecordsError(error)
        }
    }
}

extension OrderAccepted {
    /// As ``OrderStoreStatements/resolve`` compares it.
    fileprivate var lineSummary: String {
        lines.sorted { $0.productID < $1.productID }
            .map { "\($0.productID) \($0.quantity)" }.joined(separator: ",")
    }
}

extension CorrelationID {
    init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}

extension RecordedOrder {
    /// A row of ``OrderStoreStatements/resolve``.
    init(_ row: PostgresRow) throws(PostgresError) {
        guard let orderID = OrderID(try row.int64(1)), let owner = UserID(try row.string(3)),
            let status = OrderStatus(wireName: try row.string(4)),
            let event = LoggedEvent(
                type: try row.string(6), payload: try row.string(7), metadata: try row.string(8),
                occurredAt: try row.timestamp(9))
        else { throw PostgresError(.decoding, "a row of orders has an invalid value") }
        self.init(
            orderID: orderID, correlationID: CorrelationID(try row.uuid(2)), owner: owner,
            status: status, event: event, version: Int(try row.int32(5)), isPublished: try row.bool(10),
            isNew: false)
    }
}

extension LoggedEvent {
    init?(type: String, payload: String, metadata: String, occurredAt: PostgresTimestamp) {
        guard let type = OrderEventType(rawValue: type), let metadata = EventMetadata(json: metadata) else {
            return nil
        }
        self.init(
            type, payload: Array(payload.utf8), metadata: metadata,
            occurredAt: Timestamp(milliseconds: occurredAt.milliseconds))
    }
}
