/// The facts that decide whether a mailbox still holds everything after a position.
package struct MailboxRecovery {
    /// The offset of the oldest entry; `nil` when the mailbox is empty.
    package var first: Int64?
    package var last: Int64?
    package var count: Int
    /// The server's time in microseconds.
    package var now: Int64
    package var cap: Int
    package var lifetime: Duration

    package init(first: Int64?, last: Int64?, count: Int, now: Int64, cap: Int, lifetime: Duration) {
        self.first = first
        self.last = last
        self.count = count
        self.now = now
        self.cap = cap
        self.lifetime = lifetime
    }

    /// The position of a reader that has seen everything. In an empty mailbox that is a microsecond ago: the
    /// next entry is appended at `now` or later.
    package var end: Int64 { last ?? now - 1 }

    /// Entries are lost in two ways: the oldest by the cap, all together by expiry, a lifetime after the last
    /// one was appended. So everything after `offset` is present if
    /// - an entry at or before `offset` is present: entries are dropped from the oldest, or
    /// - the cap never dropped an entry, and less than a lifetime has passed since `offset`: what was appended since
    ///   cannot have expired.
    ///
    /// An offset beyond the end was never issued.
    package func isComplete(after offset: Int64) -> Bool {
        if offset > max(end, now) { return false }
        if let first, first <= offset { return true }
        let age = Duration.microseconds(now - offset)
        return count < cap && age < lifetime
    }
}
