internal import EventLoop
internal import Redis

/// The scripts of the mailboxes. An entry's stream id is `<offset>-0`, its only field `u` the update's
/// payload suffix.
@Loop
enum MailboxScripts {
    private static let now = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        """

    /// KEYS: per delivery the mailbox and the delivery mark. ARGV: lifetime in seconds, cap, then per
    /// delivery the channel and the payload suffix. Returns per delivery the offset, or '' for a duplicate.
    ///
    /// The mark is removed when the append fails, so that the broker's redelivery is not lost.
    static let deliver = RedisScript(
        """
        \(now)
        local ttl, cap, out = ARGV[1], ARGV[2], {}
        for k = 1, #KEYS, 2 do
            local box, mark, channel, suffix = KEYS[k], KEYS[k + 1], ARGV[k + 2], ARGV[k + 3]
            local id = ''
            if redis.call('SET', mark, '1', 'NX', 'EX', ttl) then
                local last = redis.call('XREVRANGE', box, '+', '-', 'COUNT', 1)[1]
                local previous = last and string.match(last[1], '^%d+') or '0'
                id = string.format('%.0f', math.max(now, previous + 1))
                local added = redis.pcall('XADD', box, 'MAXLEN', '=', cap, id .. '-0', 'u', suffix)
                if type(added) == 'table' and added.err then
                    redis.call('DEL', mark)
                    return added
                end
                redis.call('EXPIRE', box, ttl)
                redis.call('PUBLISH', channel,
                    '\(UpdateCodec.previous)' .. previous .. ',\(UpdateCodec.type)\(UpdateCodec.id)' .. id .. suffix)
            end
            out[#out + 1] = id
        end
        return out
        """)

    private static let epochAndNow = """
        local epoch = redis.call('GET', KEYS[1])
        if not epoch then
            epoch = ARGV[1]
            redis.call('SET', KEYS[1], epoch)
        end
        \(now)
        local out = {epoch, string.format('%.0f', now)}
        """

    /// KEYS: the epoch, then mailboxes. ARGV: the epoch to set when there is none, then per mailbox the
    /// offset after which to read. Returns epoch and time, then per mailbox the oldest id, the newest id, the
    /// count and the entries.
    static let history = RedisScript(
        """
        \(epochAndNow)
        for k = 2, #KEYS do
            local first = redis.call('XRANGE', KEYS[k], '-', '+', 'COUNT', 1)[1]
            local last = redis.call('XREVRANGE', KEYS[k], '+', '-', 'COUNT', 1)[1]
            out[#out + 1] = first and first[1] or ''
            out[#out + 1] = last and last[1] or ''
            out[#out + 1] = redis.call('XLEN', KEYS[k])
            out[#out + 1] = redis.call('XRANGE', KEYS[k], '(' .. ARGV[k] .. '-0', '+')
        end
        return out
        """)

    /// KEYS and ARGV as for ``history``, without offsets. Returns epoch and time, then per mailbox the newest id.
    static let ends = RedisScript(
        """
        \(epochAndNow)
        for k = 2, #KEYS do
            local last = redis.call('XREVRANGE', KEYS[k], '+', '-', 'COUNT', 1)[1]
            out[#out + 1] = last and last[1] or ''
        end
        return out
        """)

    /// KEYS: the primary, the epoch. ARGV: the primary's name, and a new epoch. Returns 1 when it was set.
    static let recordPrimary = RedisScript(
        """
        local last = redis.call('GET', KEYS[1])
        if last == ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1])
        if not last then return 0 end
        redis.call('SET', KEYS[2], ARGV[2])
        return 1
        """)
}
