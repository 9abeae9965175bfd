package import EventLoop
internal import OrderEvents
package import OrderRecords
package import Orders

/// ``OrderStore`` and ``Outbox`` in memory, for tests.
@Loop
package final class MemoryOrderStore: OrderStore, Outbox {
    package struct Entry: Sendable, Hashable {
        package var order: OrderRecord
        package var status: OrderStatus
        /// By version - 1.
        package var events: [LoggedEvent]
        package var published: Set<Int>
    }

    package private(set) var orders: [CorrelationID: Entry] = [:]
    /// Correlation ids of records that repeated an order's idempotency key.
    package private(set) var aliases: [CorrelationID: CorrelationID] = [:]
    package var products: [ProductID: Currency]
    /// When set, every call fails with it.
    package var failure: OrderRecordsError?

    package init(products: [ProductID: Currency] = [:]) { self.products = products }

    package func record(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?] {
        if let failure { throw failure }
        for record in records where record.status != .failed {
            guard record.contents.lines.allSatisfy({ products[$0.productID] != nil }) else {
                throw OrderRecordsError(.unknownProduct, "a line's product does not exist")
            }
        }
        return records.map { record($0) }
    }

    private func record(_ record: OrderRecord) -> RecordedOrder? {
        let id = record.contents.correlationID
        if var entry = orders[id] {
            guard entry.order.contents.orderID == record.contents.orderID else { return nil }
            let isRevived = record.isReplay && entry.status == .failed
            if isRevived {
                entry.published.formUnion(1...entry.events.count)
                entry.status = record.status
                entry.events.append(record.outcome)
                orders[id] = entry
            }
            return RecordedOrder(
                orderID: record.contents.orderID, correlationID: id, owner: entry.order.contents.customer,
                status: entry.status, event: entry.events[entry.events.count - 1],
                version: entry.events.count, isPublished: entry.published.contains(entry.events.count),
                isNew: false)
        }
        if let key = record.contents.idempotencyKey,
            let first = orders.values.first(where: {
                $0.order.contents.idempotencyKey == key
                    && $0.order.contents.customer == record.contents.customer
            })
        {
            guard first.order.contents.hasSameLines(record.contents) else {
                return self.record(record.withoutKey)
            }
            var order = self.record(first.order)
            order?.isAliased = true
            aliases[id] = first.order.contents.correlationID
            return order
        }
        guard !orders.values.contains(where: { $0.order.contents.orderID == record.contents.orderID }) else {
            return nil
        }
        orders[id] = Entry(
            order: record, status: record.status, events: [record.acceptance, record.outcome], published: [1])
        return RecordedOrder(new: record)
    }

    package func markPublished(_ events: [EventKey]) {
        for key in events {
            guard let id = orders.first(where: { $0.value.order.contents.orderID == key.orderID })?.key else {
                continue
            }
            orders[id]?.published.insert(key.version)
        }
    }

    package func currencies() async throws(OrderRecordsError) -> [ProductID: Currency] {
        if let failure { throw failure }
        return products
    }

    // MARK: Outbox

    /// All events, regardless of their age.
    package func sweep(
        olderThan age: Duration, limit: Int, _ publish: @Loop ([UnpublishedEvent]) async -> [Bool]
    ) async throws(OrderRecordsError) -> Sweep? {
        if let failure { throw failure }
        let events = unpublished.prefix(limit)
        let published = zip(events, await publish(Array(events))).compactMap { $1 ? $0.key : nil }
        markPublished(published)
        return Sweep(found: events.count, published: published.count)
    }

    package func backlog() async throws(OrderRecordsError) -> OutboxBacklog {
        if let failure { throw failure }
        return OutboxBacklog(count: unpublished.count, age: .zero)
    }

    private var unpublished: [UnpublishedEvent] {
        orders.values.sorted { $0.order.contents.orderID < $1.order.contents.orderID }.compactMap { entry in
            let version = (1...entry.events.count).first { !entry.published.contains($0) }
            return version.map {
                UnpublishedEvent(EventKey(entry.order.contents.orderID, version: $0), entry.events[$0 - 1])
            }
        }
    }
}

extension OrderAccepted {
    fileprivate func hasSameLines(_ other: OrderAccepted) -> Bool {
        Set(lines.map { "\($0.productID) \($0.quantity)" })
            == Set(other.lines.map { "\($0.productID) \($0.quantity)" })
    }
}
