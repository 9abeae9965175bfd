/// How long the keys live; whole seconds, but for the lease.
package struct Retention: Sendable, Equatable {
    /// Of `order:*`, of a mailbox since its last entry, and of the memory that an update was delivered.
    package var workflow: Duration = .seconds(2700)
    /// Of a stored response to an idempotency key.
    package var response: Duration = .seconds(86_400)
    /// How long an idempotency key is held by a request that never finished.
    package var lease: Duration = .seconds(30)
    /// Entries of a mailbox; older ones are dropped.
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
