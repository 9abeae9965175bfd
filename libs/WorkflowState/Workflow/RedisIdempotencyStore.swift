package import EventLoop
internal import Orders
package import Redis

/// ``IdempotencyStore`` in Redis: a hash per key with `fingerprint`, `state`, `token`, `lease` (its end, in
/// milliseconds of the server's clock), `draft` and `response`, and `void:<token>` for each lease that was
/// expired before its reservation arrived.
@Loop
package final class RedisIdempotencyStore: IdempotencyStore {
    private let client: RedisClient
    private let retention: Retention

    package init(_ client: RedisClient, _ retention: Retention = Retention()) {
        self.client = client
        self.retention = retention
    }

    /// ARGV: fingerprint, token, lease in milliseconds, lifetime in seconds, draft. Returns the outcome, and
    /// the response to replay or the draft to resume.
    private static let reserve = RedisScript(
        """
        local held = redis.call(
            'HMGET', KEYS[1], 'fingerprint', 'state', 'lease', 'response', 'draft', 'void:' .. ARGV[2])
        if held[1] and held[1] ~= ARGV[1] then return {'mismatch'} end
        if held[2] == 'done' then return {'replay', held[4]} end
        if held[6] then return {'inFlight'} end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        if held[1] and tonumber(held[3]) > now then return {'inFlight'} end
        local lease = string.format('%.0f', now + ARGV[3])
        redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'state', 'pending', 'token', ARGV[2], 'lease', lease)
        if held[1] then return {'resumed', held[5]} end
        redis.call('HSET', KEYS[1], 'draft', ARGV[5])
        redis.call('EXPIRE', KEYS[1], ARGV[4])
        return {'reserved'}
        """)

    /// ARGV: token, fingerprint, response, lifetime in seconds. An expired lease may still complete when no
    /// other request has claimed the key since.
    private static let complete = RedisScript(
        """
        local token = redis.call('HGET', KEYS[1], 'token')
        if token and token ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], 'fingerprint', ARGV[2], 'state', 'done', 'token', ARGV[1], 'response', ARGV[3])
        redis.call('HDEL', KEYS[1], 'draft', 'lease')
        redis.call('EXPIRE', KEYS[1], ARGV[4])
        return 1
        """)

    private static let release = RedisScript(
        """
        local held = redis.call('HMGET', KEYS[1], 'token', 'state')
        if held[1] == ARGV[1] and held[2] == 'pending' then return redis.call('DEL', KEYS[1]) end
        return 0
        """)

    /// ARGV: token, seconds that a reservation may still be in flight. Returns 1 when a lease was ended.
    private static let expire = RedisScript(
        """
        local held = redis.call('HMGET', KEYS[1], 'token', 'state')
        if held[1] == ARGV[1] then
            if held[2] == 'pending' then redis.call('HSET', KEYS[1], 'lease', 0) end
            return 1
        end
        redis.call('HSET', KEYS[1], 'void:' .. ARGV[1], 1)
        if not held[1] then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
        return 0
        """)

    package func reserve(
        _ lease: IdempotencyLease, draft: [UInt8]
    ) async throws(WorkflowStateError) -> Reservation {
        let reply = try await client.evaluating(Self.reserve, keys: 1, arguments: 5) { batch in
            WorkflowKeys.idempotency(lease.key).append(to: &batch)
            batch.append(lease.fingerprint)
            batch.append(lease.token)
            batch.append(retention.lease.wholeMilliseconds)
            batch.append(retention.response.wholeSeconds)
            batch.append(draft)
        }
        guard case .array(let parts) = reply, let outcome = parts.first?.string else {
            throw .unexpectedReply
        }
        switch outcome {
        case "reserved": return .reserved
        case "inFlight": return .inFlight
        case "mismatch": return .mismatch
        default:
            guard parts.count == 2, let bytes = parts[1].bytes else { throw .unexpectedReply }
            return outcome == "resumed" ? .resumed(draft: bytes) : .replay(bytes)
        }
    }

    package func complete(
        _ lease: IdempotencyLease, response: [UInt8]
    ) async throws(WorkflowStateError) -> Bool {
        let reply = try await client.evaluating(Self.complete, keys: 1, arguments: 4) { batch in
            WorkflowKeys.idempotency(lease.key).append(to: &batch)
            batch.append(lease.token)
            batch.append(lease.fingerprint)
            batch.append(response)
            batch.append(retention.response.wholeSeconds)
        }
        return reply == .integer(1)
    }

    package func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        _ = try await client.evaluating(Self.release, keys: 1, arguments: 1) { batch in
            WorkflowKeys.idempotency(lease.key).append(to: &batch)
            batch.append(lease.token)
        }
    }

    package func expire(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        _ = try await client.evaluating(Self.expire, keys: 1, arguments: 2) { batch in
            WorkflowKeys.idempotency(lease.key).append(to: &batch)
            batch.append(lease.token)
            batch.append(retention.lease.wholeSeconds)
        }
    }
}
