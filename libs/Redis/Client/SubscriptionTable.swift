/// Which channels are wanted and which the server has confirmed. No I/O: each call returns what to send.
///
/// At most one SUBSCRIBE or UNSUBSCRIBE per channel is in flight, so each confirmation belongs to exactly one
/// of them.
struct SubscriptionTable {
    typealias Channel = [UInt8]

    enum Command: Equatable {
        case subscribe(Channel)
        case unsubscribe(Channel)
    }

    private enum Phase {
        /// Not subscribed on the server.
        case idle
        case subscribing
        case subscribed
        case unsubscribing
    }

    private struct Entry {
        var phase: Phase
        var isWanted: Bool
        /// Part of the batch in flight.
        var isRestoring = false
    }

    private var entries: [Channel: Entry] = [:]
    private(set) var isConnected = false
    /// Channels to resubscribe, last ones first.
    private var toRestore: [Channel] = []
    /// The batch in flight: all its channels, and how many confirmations are missing.
    private var restoring: [Channel] = []
    private var missing = 0

    /// Channels that callers want.
    var wanted: Int { entries.values.count { $0.isWanted } }

    func isSubscribed(_ channel: Channel) -> Bool {
        guard let entry = entries[channel] else { return false }
        return entry.phase == .subscribed && entry.isWanted
    }

    mutating func subscribe(_ channel: Channel) -> Command? {
        entries[channel, default: Entry(phase: .idle, isWanted: true)].isWanted = true
        guard isConnected, entries[channel]!.phase == .idle else { return nil }
        entries[channel]!.phase = .subscribing
        return .subscribe(channel)
    }

    mutating func unsubscribe(_ channel: Channel) -> Command? {
        guard var entry = entries[channel] else { return nil }
        entry.isWanted = false
        switch entry.phase {
        case .idle:
            entries[channel] = nil
            return nil
        case .subscribed:
            entry.phase = .unsubscribing
            entries[channel] = entry
            return .unsubscribe(channel)
        case .subscribing, .unsubscribing:
            entries[channel] = entry
            return nil
        }
    }

    struct Confirmation: Equatable {
        var command: Command?
        /// The channel is subscribed and wanted: its waiting callers may continue.
        var isSubscribed = false
        /// The batch of ``nextBatch(limit:)`` that this confirmation completes.
        var restored: [Channel] = []
    }

    mutating func confirmedSubscribe(_ channel: Channel) -> Confirmation {
        guard var entry = entries[channel], entry.phase == .subscribing else { return Confirmation() }
        var result = Confirmation()
        let isRestoring = entry.isRestoring
        entry.phase = entry.isWanted ? .subscribed : .unsubscribing
        entry.isRestoring = false
        entries[channel] = entry
        result.isSubscribed = entry.isWanted
        if !entry.isWanted { result.command = .unsubscribe(channel) }
        if isRestoring { result.restored = restoredOne() }
        return result
    }

    /// Returns the batch in flight if this was its last missing channel.
    private mutating func restoredOne() -> [Channel] {
        missing -= 1
        guard missing == 0 else { return [] }
        defer { restoring = [] }
        return restoring.filter { isSubscribed($0) }
    }

    mutating func confirmedUnsubscribe(_ channel: Channel) -> Confirmation {
        guard let entry = entries[channel], entry.phase == .unsubscribing else { return Confirmation() }
        guard entry.isWanted else {
            entries[channel] = nil
            return Confirmation()
        }
        entries[channel]!.phase = .subscribing
        return Confirmation(command: .subscribe(channel))
    }

    /// Channels that another server had: to be subscribed and reported as after a reconnection.
    mutating func adopt(_ channels: some Sequence<Channel>) {
        for channel in channels where entries[channel]?.isWanted != true {
            entries[channel] = Entry(phase: .idle, isWanted: true)
            if isConnected { toRestore.append(channel) }
        }
    }

    /// Forgets a channel that this server does not have any more, whatever was sent for it.
    ///
    /// - Returns: the batch of ``nextBatch(limit:)`` that this completes.
    mutating func remove(_ channel: Channel) -> [Channel] {
        guard let entry = entries.removeValue(forKey: channel), entry.isRestoring else { return [] }
        return restoredOne()
    }

    mutating func connected() {
        isConnected = true
        toRestore = Array(entries.keys)
    }

    mutating func disconnected() {
        isConnected = false
        toRestore = []
        restoring = []
        missing = 0
        entries = entries.filter { $0.value.isWanted }.mapValues { _ in Entry(phase: .idle, isWanted: true) }
    }

    /// The next channels to resubscribe after a reconnection; empty when there are none or while a batch is
    /// in flight.
    mutating func nextBatch(limit: Int) -> [Channel] {
        guard missing == 0 else { return [] }
        while restoring.count < limit, let channel = toRestore.popLast() {
            guard entries[channel]?.phase == .idle else { continue }
            entries[channel] = Entry(phase: .subscribing, isWanted: true, isRestoring: true)
            restoring.append(channel)
        }
        missing = restoring.count
        return restoring
    }
}
