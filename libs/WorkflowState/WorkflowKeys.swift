package import Orders
package import Redis

/// The names of keys and channels, as the contract fixes them.
package enum WorkflowKeys {
    package static let epoch: StaticString = "notify:epoch"
    /// The server that was last recorded as the primary; only with several servers.
    package static let primary: StaticString = "notify:holder"
    package static let channelPrefix: StaticString = "notify:user:"

    package static func owner(_ id: CorrelationID) -> RedisKey { RedisKey("order:map:", id.description) }
    package static func status(_ id: CorrelationID) -> RedisKey { RedisKey("order:status:", id.description) }
    package static func number(_ id: CorrelationID) -> RedisKey { RedisKey("order:id:", id.description) }
    package static func pending(_ id: OrderID) -> RedisKey { RedisKey("order:pending:", id.description) }
    package static func mailbox(_ user: UserID) -> RedisKey { RedisKey("notify:mailbox:", user.value) }
    package static func channel(_ user: UserID) -> RedisKey { RedisKey(channelPrefix, user.value) }

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
