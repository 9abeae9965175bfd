internal import EventLoop
package import Orders
package import Redis

/// The names of keys and channels, as the contract fixes them. In a cluster those that are used together have a hash tag: an
/// order's correlation id, a user, or, for the index of queued orders and their contents, the number of a part of the users.
package struct WorkflowKeys: Sendable {
    /// Of a single server.
    package static let plain = WorkflowKeys(isTagged: false)
    package static let channelPrefix: StaticString = "notify:user:"
    static let mailboxPrefix: StaticString = "notify:mailbox:"

    let isTagged: Bool

    package init(isTagged: Bool) {
        self.isTagged = isTagged
        queued =
            isTagged ? (0..<64).map { RedisKey("order:queued:", "{\($0)}") } : [RedisKey("order:queued", "")]
    }

    package func owner(_ id: CorrelationID) -> RedisKey { RedisKey("order:map:", tag(id)) }
    package func status(_ id: CorrelationID) -> RedisKey { RedisKey("order:status:", tag(id)) }
    package func number(_ id: CorrelationID) -> RedisKey { RedisKey("order:id:", tag(id)) }
    /// On the node of the index: what one of the two loses, the other does.
    package func pending(_ id: OrderID, of user: UserID) -> RedisKey {
        isTagged ? RedisKey("order:pending:", "{\(placeInQueued(of: user))}:\(id)") : Self.plainPending(id)
    }
    package static func plainPending(_ id: OrderID) -> RedisKey { RedisKey("order:pending:", id.description) }
    package func mailbox(_ user: UserID) -> RedisKey { RedisKey(Self.mailboxPrefix, tag(user)) }
    package func channel(_ user: UserID) -> RedisKey { RedisKey(Self.channelPrefix, tag(user)) }

    /// The epoch of a user's mailbox. A server has one; in a cluster each user has one, since nodes lose data by themselves.
    func epoch(_ user: UserID) -> RedisKey {
        isTagged ? RedisKey("notify:epoch:", tag(user)) : RedisKey("notify:epoch", "")
    }

    private func tag(_ id: CorrelationID) -> String { isTagged ? "{\(id)}" : id.description }

    /// `}` would end the tag.
    private func tag(_ user: UserID) -> String {
        guard isTagged else { return user.value }
        var text = "{"
        for character in user.value.unicodeScalars {
            switch character {
            case "}": text += "%7D"
            case "%": text += "%25"
            default: text.unicodeScalars.append(character)
            }
        }
        return text + "}"
    }

    /// The index of orders that are accepted and not recorded yet: sorted sets whose scores are all 0, in a cluster several,
    /// on different nodes.
    package let queued: [RedisKey]

    func placeInQueued(of user: UserID) -> Int {
        if queued.count == 1 { return 0 }
        // FNV-1a, the same in every process.
        let hash = user.value.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return Int(hash >> 32) % queued.count
    }

    func queued(of user: UserID) -> RedisKey { queued[placeInQueued(of: user)] }

    /// Sorted by user, so that a range has one user's orders. No user id contains NUL.
    package static func member(_ order: QueuedOrder) -> String {
        "\(order.owner.value)\u{0}\(order.orderID)\u{0}\(order.correlationID)"
    }

    /// The bounds of `ZRANGEBYLEX` for a user's members.
    static func members(of user: UserID) -> (first: String, end: String) {
        ("[\(user.value)\u{0}", "(\(user.value)\u{1}")
    }

    package static func order(ofMember member: String) -> QueuedOrder? {
        let parts = member.split(separator: "\u{0}", omittingEmptySubsequences: false)
        guard parts.count == 3, let owner = UserID(String(parts[0])), let id = OrderID(String(parts[1])),
            let correlationID = CorrelationID(String(parts[2]))
        else { return nil }
        return QueuedOrder(owner: owner, orderID: id, correlationID: correlationID)
    }

    /// Marks that an order's arrival at a status is in its owner's mailbox.
    ///
    /// - Parameter user: in a cluster the owner; on a single server the mark is the same for whomever.
    package func delivered(_ update: StatusUpdate, to user: UserID?) -> RedisKey {
        let mark = "\(update.correlationID):\(update.status.wireName)"
        return RedisKey("notify:delivered:", isTagged ? "\(user.map(tag) ?? ""):\(mark)" : mark)
    }

    /// Colons in the user id are escaped: else user `a` with key `b:c` would share a name with user `a:b`.
    package func idempotency(_ key: IdempotencyKey) -> RedisKey {
        guard key.user.value.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") })
        else {
            return RedisKey("order:idem:", "\(key.user.value):\(key.key)")
        }
        var user = ""
        for character in key.user.value.unicodeScalars {
            switch character {
            case ":": user += "%3A"
            case "%": user += "%25"
            default: user.unicodeScalars.append(character)
            }
        }
        return RedisKey("order:idem:", "\(user):\(key.key)")
    }

    /// The user of a channel's name; `nil` for another channel.
    package func user(ofChannel channel: [UInt8]) -> UserID? {
        let count = Self.channelPrefix.utf8CodeUnitCount
        guard channel.count > count else { return nil }
        let text = String(decoding: channel[count...], as: UTF8.self)
        guard isTagged else { return UserID(text) }
        guard text.hasPrefix("{"), text.hasSuffix("}") else { return nil }
        return PercentEncoding.decode(String(text.dropFirst().dropLast())).flatMap { UserID($0) }
    }
}
