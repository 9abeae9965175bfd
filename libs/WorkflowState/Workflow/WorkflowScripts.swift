internal import EventLoop
internal import Orders
internal import Redis

/// The scripts that advance a workflow's status, atomically for all replicas.
@Loop
enum WorkflowScripts {
    /// Parameters per step of ``advance``, besides its keys.
    static let stepArguments = 6

    /// KEYS: the index of queued orders; per step the status, the owner and the pending contents. ARGV: the lifetime in
    /// seconds, then per step the status' name, its value, the owner or '', the cause (0 or 1), an update to publish or
    /// '', and the order's member of the index when it is recorded now, or ''.
    /// Returns per step whether the status changed, and the status or ''.
    static let advance = RedisScript(
        """
        \(function)
        local ttl, at, out = ARGV[1], 1, {}
        for k = 2, #KEYS, 3 do
            local owner, frame, member = ARGV[at + 3], ARGV[at + 5], ARGV[at + 6]
            local moved, current = move(KEYS[k], KEYS[k + 1], ttl, ARGV[at + 1], ARGV[at + 2], owner, tonumber(ARGV[at + 4]))
            if not moved then return current end
            at = at + \(stepArguments)
            if moved == 1 and frame ~= '' then
                local user = owner ~= '' and owner or redis.call('GET', KEYS[k + 1])
                if user then redis.call('PUBLISH', '\(WorkflowKeys.channelPrefix)' .. user, frame) end
            end
            if member ~= '' then
                redis.call('DEL', KEYS[k + 2])
                redis.pcall('ZREM', KEYS[1], member)
            end
            out[#out + 1] = moved
            out[#out + 1] = current
        end
        return out
        """)

    /// One step in a cluster. KEYS: the status and the owner. ARGV: the lifetime in seconds, the status' name, its value, the
    /// owner or '', the cause. Returns whether the status changed, the status or '', and the owner or ''.
    static let move = RedisScript(
        """
        \(function)
        local moved, current = move(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]))
        if not moved then return current end
        local user = redis.pcall('GET', KEYS[2])
        return {moved, current, type(user) == 'string' and user or ''}
        """)

    /// `move` returns whether the status changed and the status or '', or nil and an error.
    private static let function = """
        local rules = \(rules)
        local function move(status, map, ttl, name, value, owner, cause)
            local current = redis.pcall('GET', status)
            if type(current) == 'table' then
                if not string.find(current.err, 'WRONGTYPE', 1, true) then return nil, current end
                -- Not a text: it is overwritten.
                current = false
            end
            local rule = rules[current and string.match(current, '^%u+') or ''] or rules['']
            local moved = 0
            if (rule[name] or 9) <= cause then
                redis.call('SET', status, value, 'EX', ttl)
                current, moved = value, 1
            elseif current then
                redis.call('EXPIRE', status, ttl)
            end
            if redis.call('EXPIRE', map, ttl) == 0 and owner ~= '' then
                redis.call('SET', map, owner, 'EX', ttl)
            end
            return moved, current or ''
        end
        """

    /// A Lua table: from → to → the least cause that allows it, generated from the domain's table; '' is from none.
    static var rules: String {
        let rows = ([nil] + OrderStatus.allCases).map { (from: OrderStatus?) in
            let cells = OrderStatus.allCases.compactMap { to -> String? in
                for (number, cause) in [OrderStatus.Cause.processing, .replay].enumerated()
                where OrderStatus.transition(from: from, to: to, cause: cause) == .advance {
                    return "\(to.wireName)=\(number)"
                }
                return nil
            }
            return "['\(from?.wireName ?? "")']={\(cells.joined(separator: ","))}"
        }
        return "{\(rows.joined(separator: ","))}"
    }
}

extension OrderStatus.Cause {
    var number: Int { self == .replay ? 1 : 0 }
}
