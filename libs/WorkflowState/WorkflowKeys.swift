package import Orders
package import Redis

/// The names of keys and channels, as the contract fixes them.
package enum WorkflowKeys {
    package static let epoch: StaticString = "notify:epoch"
    package static let channelPrefix: StaticString = "notify:user:"

    package static func owner(_ id: CorrelationID) -> RedisKey { RedisKey("order:map:", id.description) }
    package static func status(_ id: CorrelationID) -> RedisKey { RedisKey("order:status:", id.description) }
    package static func number(_ id: CorrelationID) -> RedisKey { RedisKey("order:id:", id.description) }
    package static func pending(_ id: OrderID) -> RedisKey { RedisKey("order:pending:", id.description) }
    package static func mailbox(_ user: UserID) -> RedisKey { RedisKey("notify:mailbox:", user.value) }
    package static func channel(_ user: UserID) -> RedisKey { RedisKey(channelPrefix, user.value) }

    /// The index of orders that are accepted and not recorded yet: a sorted set whose scores are all 0.
    package static let queued = RedisKey("order:queued", "")

    /// Sorted by user, so that a range has one user's orders. No user id contains NUL.
    package static func member(_ order: QueuedOrder) -> String {
        "\(order.owner.value)\u{0}\(order.orderID)\u{0}\(order.correlationID)"
    }

    /// The bounds of `ZRANGEBYLEX` for a user's members.
    static func members(of user: UserID) -> (first: String, end: String) {
        ("[\(user.value)\u{0}", "(\(user.value)\u{1}")
    }

    static func order(ofMember member: String) -> QueuedOrder? {
        let parts = member.split(separator: "\u{0}", omittingEmptySubsequences: false)
        guard parts.count == 3, let owner = UserID(String(parts[0])), let id = OrderID(String(parts[1])),
            let correlationID = CorrelationID(String(parts[2]))
        else { return nil }
        return QueuedOrder(owner: owner, orderID: id, correlationID: correlationID)
    }

    /// Marks that an order's arrival at a status is in its owner's mailbox.
    package static func delivered(_ update: StatusUpdate) -> RedisKey {
        RedisKey("notify:delivered:", "\(update.correlationID):\(update.status.wireName)")
    }

    /// Colons in the user id are escaped: else user `a` with key `b:c` would share a name with user `a:b`.
    package static func idempotency(_ key: IdempotencyKey) -> RedisKey {
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
    package static func user(ofChannel channel: [UInt8]) -> UserID? {
        let count = channelPrefix.utf8CodeUnitCount
        guard channel.count > count else { return nil }
        return UserID(String(decoding: channel[count...], as: UTF8.self))
    }
}
