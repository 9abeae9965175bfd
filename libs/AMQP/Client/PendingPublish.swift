internal import EventLoop

/// A message from `publish` to its settlement.
@Loop
final class PendingPublish {
    /// The publications of one batched `publish`.
    @Loop
    final class Batch {
        var failures: [AMQPError?]
        private var remaining: Int
        var continuation: LoopContinuation<[AMQPError?]>?

        init(count: Int, _ continuation: LoopContinuation<[AMQPError?]>) {
            failures = Array(repeating: nil, count: count)
            remaining = count
            self.continuation = continuation
        }

        func settle(_ index: Int, _ error: AMQPError?) {
            failures[index] = error
            remaining -= 1
            if remaining == 0 { continuation.take()?.resume(returning: failures) }
        }
    }

    enum Waiter {
        case one(LoopContinuation<AMQPError?>)
        case batch(Batch, index: Int)
        case none
    }

    let message: AMQPMessage
    let enqueued = Loop.now
    let deadline: Instant
    private var waiter: Waiter
    /// When it was last sent.
    var published = Loop.now
    /// How often the broker nacked or returned it.
    var nacks = 0
    /// Returned as unroutable; its ack has not arrived yet.
    var returned: AMQPError?

    init(_ message: AMQPMessage, deadline: Instant, _ waiter: Waiter) {
        self.message = message
        self.deadline = deadline
        self.waiter = waiter
    }

    /// Why it is not stored.
    var refusal: AMQPError { returned ?? AMQPError(.nacked, "the broker nacked the message") }

    /// Whether the caller has been resumed; the message keeps its slot in the window until the broker settles
    /// it.
    var isSettled: Bool {
        if case .none = waiter { true } else { false }
    }

    /// Resumes the waiting publisher, once; nil: the broker has stored the message.
    func settle(_ error: AMQPError?) {
        let waiter = waiter
        self.waiter = .none
        switch waiter {
        case .one(let continuation): continuation.resume(returning: error)
        case .batch(let batch, let index): batch.settle(index, error)
        case .none: break
        }
    }

    /// Whether a returned message is this one: `basic.return` carries no sequence number.
    func matches(_ returned: AMQPReturnedMessage) -> Bool {
        guard message.exchange == returned.exchange, message.routingKey == returned.routingKey,
            message.properties.messageID == returned.properties.messageID
        else { return false }
        return message.properties.messageID != nil || message.body == returned.body
    }
}
