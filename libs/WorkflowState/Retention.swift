/// The keys' lifetimes, in whole seconds except for the lease.
package struct Retention: Sendable, Equatable {
    /// Of `order:*`, and of a mailbox since its last entry.
    package var workflow: Duration = .seconds(2700)
    /// Of the delivery marks: RabbitMQ waits half an hour for an acknowledgement before it delivers a message again.
    package var mark: Duration { max(workflow, .seconds(1_800)) }
    /// Of a stored response to an idempotency key.
    package var response: Duration = .seconds(86_400)
    /// How long an unfinished request holds an idempotency key.
    package var lease: Duration = .seconds(30)
    /// Maximum entries of a mailbox; the oldest are dropped.
    package var mailboxCap = 256

    package init() {}

    package init(workflow: Duration) { self.workflow = workflow }
}

extension Duration {
    /// For EX and EXPIRE, which take no fractions; at least one.
    var wholeSeconds: Int { max(1, Int(components.seconds)) }

    var wholeMilliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
