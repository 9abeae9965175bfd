package import EventLoop
package import Orders
package import Redis
package import WorkflowState

/// The shared state of the in-memory drivers, like the server of the Redis drivers: several stores on one
/// state act as several replicas. Time advances only by ``advance(by:)``.
@Loop
package final class MemoryState {
    /// The server's time in microseconds since 1970; grows by one at each reading.
    private var clock: Int64 = 1_767_225_600_000_000
    /// When set, every call throws it.
    package var fault: WorkflowStateError?

    fileprivate struct Entry<Value> {
        var value: Value
        var expiry: Int64
    }

    var epoch: Epoch?
    private var texts: [RedisKey: Entry<[UInt8]>] = [:]
    private var mailboxes: [RedisKey: Entry<[StoredEntry]>] = [:]
    private var responses: [RedisKey: Entry<StoredResponse>] = [:]
    /// The greatest offset that was deleted from within a mailbox.
    private(set) var lastDeleted: [RedisKey: Int64] = [:]
    private var listeners: [Listener] = []
    /// Orders that are accepted and not recorded.
    package var queued: Set<QueuedOrder> = []

    /// An entry of a mailbox.
    struct StoredEntry {
        var offset: Int64
        /// Nil for the first entry of an empty mailbox.
        var suffix: [UInt8]?
    }

    /// The value of an idempotency key.
    struct StoredResponse {
        var fingerprint: String
        var token: String
        var response: [UInt8]?
    }

    private struct Listener {
        weak var channels: MemoryUserChannels?
    }

    package init() {}

    package func advance(by duration: Duration) { clock += duration.nanoseconds / 1000 }

    /// Deletes everything but the listeners, like a server that loses its data.
    package func flush() {
        epoch = nil
        texts = [:]
        mailboxes = [:]
        responses = [:]
        queued = []
    }

    /// All values.
    package struct Copy {
        fileprivate var epoch: Epoch?
        fileprivate var texts: [RedisKey: Entry<[UInt8]>]
        fileprivate var mailboxes: [RedisKey: Entry<[StoredEntry]>]
        fileprivate var responses: [RedisKey: Entry<StoredResponse>]
        fileprivate var lastDeleted: [RedisKey: Int64]
        fileprivate var queued: Set<QueuedOrder>
    }

    package var copy: Copy {
        Copy(
            epoch: epoch, texts: texts, mailboxes: mailboxes, responses: responses, lastDeleted: lastDeleted,
            queued: queued)
    }

    /// As a server that continues from an earlier copy.
    package func replace(with copy: Copy) {
        epoch = copy.epoch
        texts = copy.texts
        mailboxes = copy.mailboxes
        responses = copy.responses
        lastDeleted = copy.lastDeleted
        queued = copy.queued
    }

    /// Deletes keys of orders that `isLost` chooses, as an eviction does.
    package func evict(where isLost: (_ key: String) -> Bool) {
        texts = texts.filter { !isLost($0.key.text) }
        responses = responses.filter { !isLost($0.key.text) }
    }

    func check() throws(WorkflowStateError) {
        if let fault { throw fault }
    }

    func now() -> Int64 {
        clock += 1
        return clock
    }

    private func expiry(_ lifetime: Duration) -> Int64 { clock + lifetime.nanoseconds / 1000 }

    private func live<Value>(_ entry: Entry<Value>?) -> Value? {
        guard let entry, entry.expiry > clock else { return nil }
        return entry.value
    }

    // MARK: Texts

    package func text(_ key: RedisKey) -> [UInt8]? { live(texts[key]) }

    package func set(_ key: RedisKey, _ value: [UInt8], for lifetime: Duration) {
        texts[key] = Entry(value: value, expiry: expiry(lifetime))
    }

    /// Whether the key exists; renews its lifetime.
    package func extend(_ key: RedisKey, for lifetime: Duration) -> Bool {
        guard text(key) != nil else { return false }
        texts[key]!.expiry = expiry(lifetime)
        return true
    }

    package func remaining(_ key: RedisKey) -> Duration? {
        guard text(key) != nil else { return nil }
        return .microseconds(texts[key]!.expiry - clock)
    }

    package func remove(_ key: RedisKey) { texts[key] = nil }

    // MARK: Mailboxes and stored responses

    func mailbox(_ key: RedisKey) -> [StoredEntry] { live(mailboxes[key]) ?? [] }

    func append(_ entry: StoredEntry, to key: RedisKey, cap: Int, for lifetime: Duration) {
        var entries = mailbox(key)
        entries.append(entry)
        entries.removeFirst(max(0, entries.count - cap))
        mailboxes[key] = Entry(value: entries, expiry: expiry(lifetime))
    }

    func renewMailbox(_ key: RedisKey, for lifetime: Duration) { mailboxes[key]?.expiry = expiry(lifetime) }

    /// Deletes a user's mailbox, as an eviction does.
    package func removeMailbox(of user: UserID) { mailboxes[WorkflowKeys.plain.mailbox(user)] = nil }

    /// Deletes an entry from within a user's mailbox.
    package func removeEntry(_ offset: Int64, of user: UserID) {
        let key = WorkflowKeys.plain.mailbox(user)
        mailboxes[key]?.value.removeAll { $0.offset == offset }
        lastDeleted[key] = max(offset, lastDeleted[key] ?? 0)
    }

    /// Begins a new epoch, as a restart or a failover does.
    package func changeLineage() { epoch = nil }

    func response(_ key: RedisKey) -> StoredResponse? { live(responses[key]) }

    func set(_ key: RedisKey, _ response: StoredResponse?, for lifetime: Duration) {
        responses[key] = response.map { Entry(value: $0, expiry: expiry(lifetime)) }
    }

    // MARK: Channels

    func add(_ channels: MemoryUserChannels) { listeners.append(Listener(channels: channels)) }

    func publish(_ payload: [UInt8], to user: UserID) {
        listeners.removeAll { $0.channels == nil }
        for listener in listeners { listener.channels?.received(payload, user) }
    }

    /// Drops and restores the connections of all replicas: each is notified of its subscribed users.
    package func dropConnections() {
        for listener in listeners { listener.channels?.restored() }
    }
}
