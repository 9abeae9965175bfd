package import EventLoop
internal import Orders
package import Redis

/// ``IdempotencyStore`` in Redis: a hash per key with `fingerprint`, `state` (`pending` or `done`), `token` and
/// `response`. A pending one expires with its lease.
@Loop
package final class RedisIdempotencyStore: IdempotencyStore {
    private let client: any RedisCommands
    private let retention: Retention

    package init(_ client: any RedisCommands, _ retention: Retention = Retention()) {
        self.client = client
        self.retention = retention
    }

    /// ARGV: fingerprint, token, lease in milliseconds. Returns the outcome, and the response to replay.
    private static let reserve = RedisScript(
        """
        local held = redis.call('HMGET', KEYS[1], 'fingerprint', 'state', 'response')
        if held[1] then
            if held[1] ~= ARGV[1] then return {'mismatch'} end
            if held[2] == 'done' then return {'replay', held[3]} end
            return {'inFlight'}
        end
        redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'state', 'pending', 'token', ARGV[2])
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        return {'reserved'}
        """)

    /// ARGV: token, fingerprint, response, lifetime in seconds.
    private static let complete = RedisScript(
        """
        local token = redis.call('HGET', KEYS[1], 'token')
        if token and token ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], 'fingerprint', ARGV[2], 'state', 'done', 'token', ARGV[1], 'response', ARGV[3])
        return redis.call('EXPIRE', KEYS[1], ARGV[4])
        """)

    private static let release = RedisScript(
        """
        local held = redis.call('HMGET', KEYS[1], 'token', 'state')
        if held[1] == ARGV[1] and held[2] == 'pending' then return redis.call('DEL', KEYS[1]) end
        return 0
        """)

    package func reserve(_ lease: IdempotencyLease) async throws(WorkflowStateError) -> Reservation {
        let reply = try await client.evaluating(Self.reserve, keys: 1, arguments: 3) { batch in
            WorkflowKeys.plain.idempotency(lease.key).append(to: &batch)
            batch.append(lease.fingerprint)
            batch.append(lease.token)
            batch.append(retention.lease.wholeMilliseconds)
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
            return .replay(bytes)
        }
    }

    package func complete(
        _ lease: IdempotencyLease, response: [UInt8]
    ) async throws(WorkflowStateError) {
        _ = try await client.evaluating(Self.complete, keys: 1, arguments: 4) { batch in
            WorkflowKeys.plain.idempotency(lease.key).append(to: &batch)
            batch.append(lease.token)
            batch.append(lease.fingerprint)
            batch.append(response)
            batch.append(retention.response.wholeSeconds)
        }
    }

    package func release(_ lease: IdempotencyLease) async throws(WorkflowStateError) {
        _ = try await client.evaluating(Self.release, keys: 1, arguments: 1) { batch in
            WorkflowKeys.plain.idempotency(lease.key).append(to: &batch)
            batch.append(lease.token)
        }
    }
}
