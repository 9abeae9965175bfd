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

    /// Functions that read a key, and return its value and an error. A value of another type is of no use, and would be an
    /// error at each attempt: it is removed. What the server refuses is left alone.
    private static let readers = """
        local function ours(key, value)
            if type(value) ~= 'table' or not value.err then return value end
            if not string.find(value.err, 'WRONGTYPE', 1, true) then return nil, value end
            redis.call('DEL', key)
        end
        local function text(key) return ours(key, redis.pcall('GET', key)) end
        local function newest(box)
            local entries, failure = ours(box, redis.pcall('XREVRANGE', box, '+', '-', 'COUNT', 1))
            return entries and entries[1], failure
        end
        """

    /// KEYS: per delivery the delivery mark, the order's status and its owner. ARGV: lifetime in seconds, that of marks, cap,
    /// then per delivery the user or '' for the owner, the payload suffix, the status' name and its value; then, when one
    /// is traced, per delivery its `traceparent` or ''. Returns per delivery the offset, '' for a duplicate or for an outcome
    /// that is not the order's last any more, or '?' when the owner is not known for certain. The user's keys are not among
    /// KEYS: a single server does not ask for them.
    ///
    /// The status moves with the delivery, so that whoever is told of an outcome finds it. The mark is removed when the
    /// append fails, so that the broker's redelivery is not lost.
    static let deliver = RedisScript(
        """
        \(append)
        local rules = \(WorkflowScripts.rules)
        local ttl, cap, out, at = ARGV[1], ARGV[3], {}, 3
        local traces = at + #KEYS / 3 * 4
        for k = 1, #KEYS, 3 do
            local mark, status = KEYS[k], KEYS[k + 1]
            local user, suffix, name, value = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
            at = at + 4
            local id = ''
            local current, failure = text(status)
            if failure then return failure end
            local from = current and string.match(current, '^%u+') or ''
            if user == '' then
                user, failure = text(KEYS[k + 2])
                if failure then return failure end
                if from == '' or from == 'FAILED' or user == '' then user = nil end
            end
            local moves = from ~= name and (rules[from] or rules[''])[name]
            if not user then
                id = '?'
            elseif from == name or moves then
                local frame
                id, frame = append('\(WorkflowKeys.mailboxPrefix)' .. user, mark, suffix, ttl, ARGV[2], cap)
                if not id then return frame end
                if id ~= '' then
                    if moves then redis.call('SET', status, value, 'EX', ttl) end
                    redis.call(
                        'PUBLISH', '\(WorkflowKeys.channelPrefix)' .. user, traced(frame, ARGV[traces + (k + 2) / 3]))
                end
            end
            out[#out + 1] = id
        end
        return out
        """)

    /// One delivery in a cluster, whose status was moved before. KEYS: the mailbox, the mark, the mailbox' epoch, the channel.
    /// ARGV: lifetime in seconds, that of marks, cap, the payload suffix, `traceparent` or ''. Returns the offset, or '' for a duplicate.
    static let deliverOne = RedisScript(
        """
        \(append)
        local id, frame = append(KEYS[1], KEYS[2], ARGV[4], ARGV[1], ARGV[2], ARGV[3])
        if not id then return frame end
        redis.call('EXPIRE', KEYS[3], ARGV[1])
        if id ~= '' then redis.call('SPUBLISH', KEYS[4], traced(frame, ARGV[5])) end
        return id
        """)

    /// `append` returns the offset and the frame to publish, '' for a duplicate, or nil and an error.
    private static let append = """
        \(now)
        \(readers)
        local function traced(frame, trace)
            if not trace or trace == '' then return frame end
            return '\(UpdateCodec.trace)' .. trace .. '",' .. string.sub(frame, 2)
        end
        local function append(box, mark, suffix, ttl, markTTL, cap)
            if not redis.call('SET', mark, '1', 'NX', 'EX', markTTL) then return '' end
            local last, failure = newest(box)
            if failure then
                redis.call('DEL', mark)
                return nil, failure
            end
            local previous = last and string.match(last[1], '^%d+') or '0'
            local id = string.format('%.0f', math.max(now, previous + 1))
            local added = redis.pcall('XADD', box, 'MAXLEN', '=', cap, id .. '-0', 'u', suffix)
            if type(added) == 'table' and added.err then
                redis.call('DEL', mark)
                return nil, added
            end
            redis.call('EXPIRE', box, ttl)
            return id, '\(UpdateCodec.previous)' .. previous .. ',\(UpdateCodec.type)\(UpdateCodec.id)' .. id .. suffix
        end
        """

    /// The epoch is kept with the lineage of the data, the server's run and its replication id: after a restart, a failover
    /// or a loss of the data, updates may be missing, and the next reader begins a new epoch.
    ///
    /// KEYS: the epoch, then mailboxes. ARGV: the epoch to begin when there is none, the lifetime in seconds, that of the
    /// epoch (0: for ever), then per mailbox the offset after which to read. Returns the epoch, then per mailbox the newest id, whether nothing that
    /// followed the offset can be missing, and the entries after it.
    ///
    /// An empty mailbox gets an entry without an update, so that each position is an entry: a reader whose entry is gone
    /// has missed something, or may have. So has one after whose entry another was deleted.
    static let history = RedisScript(
        """
        \(now)
        \(readers)
        local function lastDeleted(box)
            local info = redis.call('XINFO', 'STREAM', box)
            for i = 1, #info, 2 do
                if info[i] == 'max-deleted-entry-id' then return tonumber(string.match(info[i + 1], '^%d+')) end
            end
            return 0
        end
        local lineage = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') .. ' '
            .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
        local stored, failure = text(KEYS[1])
        if failure then return failure end
        local epoch = stored and string.match(stored, '^(%w+) ' .. lineage .. '$')
        if not epoch then
            epoch = ARGV[1]
            redis.call('SET', KEYS[1], epoch .. ' ' .. lineage)
        end
        if ARGV[3] ~= '0' then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
        local out = {epoch}
        for k = 2, #KEYS do
            local box, after = KEYS[k], ARGV[k + 2]
            local last, failure = newest(box)
            if failure then return failure end
            if last then
                out[#out + 1] = last[1]
            else
                out[#out + 1] = redis.call('XADD', box, string.format('%.0f', now) .. '-0', 'n', '')
            end
            redis.call('EXPIRE', box, ARGV[2])
            local standsAtAnEntry = #redis.call('XRANGE', box, after .. '-0', after .. '-0') == 1
            out[#out + 1] = standsAtAnEntry and lastDeleted(box) <= tonumber(after) and 1 or 0
            out[#out + 1] = redis.call('XRANGE', box, '(' .. after .. '-0', '+')
        end
        return out
        """)
}
