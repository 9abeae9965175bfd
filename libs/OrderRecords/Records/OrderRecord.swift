package import OrderEvents
package import Orders

/// An order to be recorded, with its events for the log.
package struct OrderRecord: Sendable, Hashable {
    package var contents: OrderAccepted
    /// The final status: completed, cancelled or failed.
    package var status: OrderStatus
    package var total: Money
    package var currency: Currency
    /// The order's acceptance, version 1, already published by order-accept.
    package var acceptance: LoggedEvent
    /// The order's outcome, version 2, to be published.
    package var outcome: LoggedEvent
    /// Why a failed order failed; nil for other statuses.
    package var failureCode: OrderFailureCode?
    /// Whether an operator replayed the order: a recorded order with FAILED then gets this status and outcome as its
    /// next version.
    package var isReplay: Bool

    /// - Returns: nil when the total is too large; decoding rejects such amounts.
    package init?(
        _ contents: OrderAccepted, _ status: OrderStatus, currency: Currency, acceptance: LoggedEvent,
        outcome: LoggedEvent, failureCode: OrderFailureCode? = nil, isReplay: Bool = false
    ) {
        guard let total = contents.total else { return nil }
        self.contents = contents
        self.status = status
        self.total = total
        self.currency = currency
        self.acceptance = acceptance
        self.outcome = outcome
        self.failureCode = failureCode
        self.isReplay = isReplay
    }

    /// The same order without its idempotency key.
    package var withoutKey: OrderRecord {
        var record = self
        record.contents.idempotencyKey = nil
        return record
    }

    /// The outcome's version in a new record.
    package static let outcomeVersion = 2
}

/// An order in the database, with its last event.
package struct RecordedOrder: Sendable, Hashable {
    package var orderID: OrderID
    package var correlationID: CorrelationID
    /// The customer.
    package var owner: UserID
    package var status: OrderStatus
    /// The order's last event.
    package var event: LoggedEvent
    package var version: Int
    /// Whether the event is marked published.
    package var isPublished: Bool
    /// Whether this call recorded the order.
    package var isNew: Bool
    /// Whether the record repeated the idempotency key of this order, whose ids differ from the record's.
    package var isAliased = false

    package var key: EventKey { EventKey(orderID, version: version) }

    package init(
        orderID: OrderID, correlationID: CorrelationID, owner: UserID, status: OrderStatus,
        event: LoggedEvent, version: Int, isPublished: Bool, isNew: Bool
    ) {
        self.orderID = orderID
        self.correlationID = correlationID
        self.owner = owner
        self.status = status
        self.event = event
        self.version = version
        self.isPublished = isPublished
        self.isNew = isNew
    }

    /// The result of recording a new order.
    package init(new record: OrderRecord) {
        self.init(
            orderID: record.contents.orderID, correlationID: record.contents.correlationID,
            owner: record.contents.customer, status: record.status, event: record.outcome,
            version: OrderRecord.outcomeVersion, isPublished: false, isNew: true)
    }
}
