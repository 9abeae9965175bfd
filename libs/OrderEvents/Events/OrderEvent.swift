package import JSON
package import Orders

/// The events' names with their versions, as in AMQP's `type` property and in `order_events.type`.
package enum OrderEventType: String, Hashable, Sendable, CaseIterable {
    case accepted = "order.accepted.v1"
    case processed = "order.processed.v1"
    case failed = "order.failed.v1"
    case cancelled = "order.cancelled.v1"

    /// The order's status since the event.
    package var status: OrderStatus {
        switch self {
        case .accepted: .accepted
        case .processed: .completed
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }
}

/// A domain event of an order, with its JSON encoding. Unknown members are ignored, so that a version may gain optional
/// ones; any other change is a new version.
package protocol OrderEvent: Hashable, Sendable {
    static var type: OrderEventType { get }

    var correlationID: CorrelationID { get }
    var orderID: OrderID { get }

    /// Reads the event from the reader's next value.
    init(from reader: inout JSONReader) throws(JSONError)

    func write(to writer: inout JSONWriter)
}

extension OrderEvent {
    /// Reads a whole body.
    package init(decoding body: Span<UInt8>) throws(EventError) {
        do {
            self = try JSONReader.read(body) { (reader) throws(JSONError) in try Self(from: &reader) }
        } catch {
            throw EventError(error)
        }
    }

    package func encode() -> [UInt8] {
        JSONWriter.encode { write(to: &$0) }
    }
}
