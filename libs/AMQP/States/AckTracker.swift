internal import EventLoop

/// The delivery tags of one channel that are not settled, and the fewest acks that settle the acked ones.
///
/// Tags arrive in the order 1, 2, 3…; they are settled in any order.
struct AckTracker: Sendable {
    struct Ack: Sendable, Equatable {
        var tag: UInt64
        var multiple: Bool
    }

    private enum State: Sendable { case pending, acked, settled }

    /// The tag at the front of `states`.
    private var base: UInt64 = 1
    private var states = Deque<State>()
    /// Acked since the last flush.
    private var unflushed: [UInt64] = []

    /// Delivered and neither acked nor rejected yet.
    private(set) var outstanding = 0

    /// Whether `flush` has acks to send.
    var needsFlush: Bool { !unflushed.isEmpty }

    /// - Returns: false when the tag is not the next one.
    mutating func delivered(_ tag: UInt64) -> Bool {
        guard tag == base + UInt64(states.count) else { return false }
        states.append(.pending)
        outstanding += 1
        return true
    }

    /// - Returns: false for a tag that is unknown or already settled.
    @discardableResult
    mutating func ack(_ tag: UInt64) -> Bool {
        guard isPending(tag) else { return false }
        states[Int(tag - base)] = .acked
        outstanding -= 1
        unflushed.append(tag)
        return true
    }

    /// The caller sends the rejection itself, at once.
    /// - Returns: false for a tag that is unknown or already settled.
    @discardableResult
    mutating func reject(_ tag: UInt64) -> Bool {
        guard isPending(tag) else { return false }
        states[Int(tag - base)] = .settled
        outstanding -= 1
        return true
    }

    /// One `multiple` ack for the contiguous prefix, then one for each other tag.
    mutating func flush() -> [Ack] {
        guard needsFlush else { return [] }
        var acks: [Ack] = []
        var covered = 0
        var last: UInt64?
        while let state = states.first, state != .pending {
            if state == .acked {
                last = base
                covered += 1
            }
            states.popFirst()
            base += 1
        }
        if let last { acks.append(Ack(tag: last, multiple: covered > 1)) }
        for tag in unflushed where tag >= base {
            acks.append(Ack(tag: tag, multiple: false))
            states[Int(tag - base)] = .settled
        }
        unflushed.removeAll(keepingCapacity: true)
        return acks
    }

    private func isPending(_ tag: UInt64) -> Bool {
        tag >= base && tag < base + UInt64(states.count) && states[Int(tag - base)] == .pending
    }
}
