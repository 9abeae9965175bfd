internal import EventLoop

/// The messages published on a confirm channel that the broker has not settled yet, by publish sequence
/// number. Settling costs O(settled), also out of order; memory is bounded by `limit`, and by 8 bytes for each of at most
/// `span` messages after one that the broker does not settle.
struct ConfirmWindow<Element> {
    let limit: Int
    private let span: Int
    /// Publish sequence number of the slot at the front; the channel's first message is 1.
    private var base: UInt64 = 1
    /// nil: settled, with an unsettled slot before it.
    private var slots: Deque<Element?>
    private(set) var outstanding = 0

    init(limit: Int) {
        self.limit = limit
        span = limit * 64
        slots = Deque(minimumCapacity: min(limit, 256))
    }

    /// The sequence number of the next message.
    var next: UInt64 { base + UInt64(slots.count) }

    /// A slot is held until everything before it is settled: the span is bounded as well as the count.
    var isFull: Bool { outstanding >= limit || slots.count >= span }

    /// Appends the next published message; returns its sequence number. Check `isFull` before.
    mutating func append(_ element: Element) -> UInt64 {
        precondition(!isFull)
        let sequence = next
        slots.append(element)
        outstanding += 1
        return sequence
    }

    /// The first unsettled element that satisfies the condition; O(window), for the rare return.
    mutating func first(where predicate: (Element) -> Bool) -> Element? {
        for offset in 0..<slots.count {
            if let element = slots[offset], predicate(element) { return element }
        }
        return nil
    }

    /// Calls `body` with every unsettled element, oldest first; O(window), for deadlines.
    func visit(_ body: (Element) -> Void) {
        for offset in 0..<slots.count {
            if let element = slots[offset] { body(element) }
        }
    }

    /// Applies one ack or nack and passes on what it settles, oldest first. Tags settled before are ignored.
    /// - Returns: false for a tag that was never published, a protocol violation.
    mutating func settle(_ tag: UInt64, multiple: Bool, _ settled: (Element) -> Void) -> Bool {
        // Tag 0 with `multiple` means everything outstanding (section 1.8.3.13).
        let tag = tag == 0 && multiple ? next - 1 : tag
        guard tag < next, tag > 0 || multiple else { return false }
        guard tag >= base else { return true }
        if multiple {
            while base <= tag, let slot = slots.popFirst() {
                base += 1
                if let element = slot {
                    outstanding -= 1
                    settled(element)
                }
            }
        } else if let element = slots[Int(tag - base)] {
            slots[Int(tag - base)] = nil
            outstanding -= 1
            settled(element)
        }
        while let slot = slots.first, slot == nil {
            slots.popFirst()
            base += 1
        }
        return true
    }

    /// Empties the window when its channel is closed; the next channel counts from 1 again.
    mutating func removeAll() -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(outstanding)
        while let slot = slots.popFirst() {
            if let element = slot { elements.append(element) }
        }
        base = 1
        outstanding = 0
        return elements
    }
}
