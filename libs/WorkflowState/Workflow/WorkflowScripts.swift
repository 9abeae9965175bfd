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
        local rules = \(rules)
        local ttl, at, out = ARGV[1], 1, {}
        for k = 2, #KEYS, 3 do
            local name, value, owner, cause = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
            local frame, member = ARGV[at + 5], ARGV[at + 6]
            at = at + \(stepArguments)
            local current = redis.pcall('GET', KEYS[k])
            if type(current) == 'table' then
                if not string.find(current.err, 'WRONGTYPE', 1, true) then return current end
                -- Not a text: it is overwritten.
                current = false
            end
            local rule = rules[current and string.match(current, '^%u+') or ''] or rules['']
            local moved = 0
            if (rule[name] or 9) <= cause then
                redis.call('SET', KEYS[k], value, 'EX', ttl)
                current, moved = value, 1
            elseif current then
                redis.call('EXPIRE', KEYS[k], ttl)
            end
            if redis.call('EXPIRE', KEYS[k + 1], ttl) == 0 and owner ~= '' then
                redis.call('SET', KEYS[k + 1], owner, 'EX', ttl)
            end
            if moved == 1 and frame ~= '' then
                local user = owner ~= '' and owner or redis.call('GET', KEYS[k + 1])
                if user then redis.call('PUBLISH', '\(WorkflowKeys.channelPrefix)' .. user, frame) end
            end
            if member ~= '' then
                redis.call('DEL', KEYS[k + 2])
                redis.pcall('ZREM', KEYS[1], member)
            end
            out[#out + 1] = moved
            out[#out + 1] = current or ''
        end
        return out
        """)

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
