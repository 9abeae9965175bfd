package import OrderEvents
package import Orders

/// An order on its way into the system of record, with the events that go into the log with it.
package struct OrderRecord: Sendable, Hashable {
    package var contents: OrderAccepted
    /// What the order ends as: completed, cancelled or failed.
    package var status: OrderStatus
    package var total: Money
    package var currency: Currency
    /// The order's acceptance: version 1, published by whom it came from.
    package var acceptance: LoggedEvent
    /// What became of it: version 2, to be published.
    package var outcome: LoggedEvent
    /// Whether an operator took the order out of the dead letters: then a record that says FAILED gets this
    /// status and this outcome, as the next version.
    package var isReplay: Bool

    /// - Returns: nil when the amounts are beyond what can be held, which decoding refuses as well.
    package init?(
        _ contents: OrderAccepted, _ status: OrderStatus, currency: Currency, acceptance: LoggedEvent,
        outcome: LoggedEvent, isReplay: Bool = false
    ) {
        var total = Money.zero
        for line in contents.lines {
            guard let amount = line.unitPrice.multiplied(by: line.quantity), let sum = total.adding(amount)
            else { return nil }
            total = sum
        }
        self.contents = contents
        self.status = status
        self.total = total
        self.currency = currency
        self.acceptance = acceptance
        self.outcome = outcome
        self.isReplay = isReplay
    }

    /// Of the outcome, in a record that is new.
    package static let outcomeVersion = 2
}

/// An order as the system of record has it.
package struct RecordedOrder: Sendable, Hashable {
    package var orderID: OrderID
    package var correlationID: CorrelationID
    /// Whose the order is, whatever else is lost.
    package var owner: UserID
    package var status: OrderStatus
    /// The order's last event and its version.
    package var event: LoggedEvent
    package var version: Int
    /// Whether the event is known to have been published.
    package var isPublished: Bool
    /// Whether it was recorded, or brought back from FAILED, just now.
    package var isNew: Bool

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

    /// What a record becomes when nothing was there.
    package init(new record: OrderRecord) {
        self.init(
            orderID: record.contents.orderID, correlationID: record.contents.correlationID,
            owner: record.contents.customer, status: record.status, event: record.outcome,
            version: OrderRecord.outcomeVersion, isPublished: false, isNew: true)
    }
}
