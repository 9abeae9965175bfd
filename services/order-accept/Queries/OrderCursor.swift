import JOSE
import Orders

/// A place in a user's orders, newest first by acceptance.
struct OrderCursor: Hashable, Sendable {
    var createdAt: Timestamp
    var id: OrderID

    init(_ order: Order) {
        createdAt = order.createdAt
        id = order.id
    }

    /// Whether the order comes after it.
    func precedes(_ order: Order) -> Bool {
        (order.createdAt, order.id) < (createdAt, id)
    }

    /// Opaque to clients.
    var text: String { Base64URL.encode(Array("\(createdAt.milliseconds).\(id)".utf8)) }

    init?(text: String) {
        guard text.utf8.count <= 64, let bytes = Base64URL.decode(text) else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self).split(
            separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = Int64(parts[0]), let id = OrderID(String(parts[1])),
            (Timestamp.earliest.milliseconds...Timestamp.latest.milliseconds).contains(milliseconds)
        else { return nil }
        createdAt = Timestamp(milliseconds: milliseconds)
        self.id = id
    }
}

extension PageRange {
    /// The part of `recorded`, which begins at ``firstRecorded(pending:)`` of the recorded orders, merged with orders that
    /// are not recorded.
    ///
    /// - Parameter recorded: newest first.
    func merge(_ recorded: [Order], pending: [Order], total: Int) -> OrderPage {
        var pending = pending.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
        let skipped: Int
        switch start {
        case .offset(let offset): skipped = offset - firstRecorded(pending: pending.count)
        case .after(let cursor):
            skipped = 0
            pending.removeAll { !cursor.precedes($0) }
        }
        var merged: [Order] = []
        var (recordedIndex, pendingIndex) = (0, 0)
        while merged.count <= skipped + size {
            let (next, waiting) = (recorded[at: recordedIndex], pending[at: pendingIndex])
            guard
                let order = [next, waiting].compactMap(\.self).max(by: {
                    ($0.createdAt, $0.id) < ($1.createdAt, $1.id)
                })
            else { break }
            if order.id == next?.id { recordedIndex += 1 } else { pendingIndex += 1 }
            merged.append(order)
        }
        return OrderPage(
            orders: Array(merged.dropFirst(skipped).prefix(size)), total: total,
            hasMore: merged.count > skipped + size)
    }

    /// Where the recorded orders have to be read from, and how many of them at most: one more than the page shows.
    func firstRecorded(pending count: Int) -> Int {
        switch start {
        case .offset(let offset): max(0, offset - count)
        case .after: 0
        }
    }

    func recordedLimit(pending count: Int) -> Int {
        switch start {
        case .offset(let offset): offset + size + 1 - firstRecorded(pending: count)
        case .after: size + 1
        }
    }
}

extension [Order] {
    fileprivate subscript(at index: Int) -> Order? { index < count ? self[index] : nil }
}
