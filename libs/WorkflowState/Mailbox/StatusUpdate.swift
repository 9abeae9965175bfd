internal import EventLoop
package import Orders

/// An update for a user: an order has reached a status.
package struct StatusUpdate: Sendable, Hashable {
    package var correlationID: CorrelationID
    package var orderID: OrderID
    package var status: OrderStatus
    package var occurredAt: Timestamp

    package init(correlationID: CorrelationID, orderID: OrderID, status: OrderStatus, occurredAt: Timestamp) {
        self.correlationID = correlationID
        self.orderID = orderID
        self.status = status
        self.occurredAt = occurredAt
    }
}

/// An update on its way to a user's sessions: read from the channel or from the mailbox.
package struct Publication: Sendable, Equatable {
    package var update: StatusUpdate
    /// The offset in the mailbox; `nil` for an ephemeral update, which is not stored.
    package var offset: Int64?
    /// The offset before this one in the mailbox, 0 when there was none; `nil` when not read from the channel. A
    /// reader at a smaller position has missed updates and should read the history.
    package var previous: Int64?
    /// The JSON for native clients.
    package var frame: [UInt8]
    /// The span that delivered it, when it is traced and read from the channel.
    package var traceparent: String?

    package init(
        update: StatusUpdate, offset: Int64?, previous: Int64? = nil, frame: [UInt8],
        traceparent: String? = nil
    ) {
        self.traceparent = traceparent
        self.update = update
        self.offset = offset
        self.previous = previous
        self.frame = frame
    }
}

/// Identifies a continuous history of the mailboxes: a server that lost its data has a new one.
package struct Epoch: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// Letters and digits, at most 32: it is part of an event's id.
    package init?(_ text: String) {
        guard (1...32).contains(text.utf8.count),
            text.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            })
        else { return nil }
        self.text = text
    }

    /// Sixteen random hexadecimal digits.
    package static func random() -> Epoch {
        let digits = String(LoopRandom.next(), radix: 16)
        return Epoch(String(repeating: "0", count: 16 - digits.count) + digits)!
    }

    package var description: String { text }
}

/// A position in a user's mailbox: everything up to `offset` has been seen.
///
/// An offset is the time at which the update was appended, in microseconds since 1970, or the previous offset
/// plus one when that is not smaller. So it grows even when a mailbox expired in between, stays below 2^53
/// until the year 2255, and gives the position's age.
package struct MailboxPosition: Sendable, Hashable, CustomStringConvertible {
    package let epoch: Epoch
    package let offset: Int64

    package init(epoch: Epoch, offset: Int64) {
        self.epoch = epoch
        self.offset = offset
    }

    /// Parses `<epoch>:<offset>`, the id of a server-sent event.
    package init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let epoch = Epoch(String(text[..<colon])),
            let offset = Int64(text[text.utf8.index(after: colon)...]), (0...Self.largest).contains(offset)
        else { return nil }
        self.init(epoch: epoch, offset: offset)
    }

    /// The largest integer that JavaScript represents exactly.
    package static let largest: Int64 = (1 << 53) - 1

    package var description: String { "\(epoch):\(offset)" }
}
