internal import EventLoop

/// The requests that wait for replies, in the order in which they were sent.
///
/// A request is one batch: it has as many replies as commands, and completes with the last one.
struct RequestQueue {
    typealias Completion = @Loop (Result<[RedisValue], RedisError>) -> Void

    private struct Request {
        var missing: Int
        var replies: [RedisValue]
        let deadline: Instant
        let completion: Completion
    }

    /// A finished request, which the owner completes after updating its own state.
    struct Finished {
        let replies: [RedisValue]
        let completion: Completion
    }

    private var requests = Deque<Request>()
    /// Commands without a reply.
    private(set) var commands = 0

    var isEmpty: Bool { requests.isEmpty }

    /// When the oldest request times out. Deadlines only grow along the queue, so one timer suffices.
    var deadline: Instant? { requests.first?.deadline }

    mutating func append(commands count: Int, deadline: Instant, completion: @escaping Completion) {
        var replies: [RedisValue] = []
        replies.reserveCapacity(count)
        requests.append(Request(missing: count, replies: replies, deadline: deadline, completion: completion))
        commands += count
    }

    /// Adds a reply to the oldest request; returns the request when that was its last reply.
    ///
    /// - Precondition: the queue is not empty.
    mutating func take(_ reply: RedisValue) -> Finished? {
        commands -= 1
        let isFinished = requests.withFirst { request in
            request.replies.append(reply)
            request.missing -= 1
            return request.missing == 0
        }
        guard isFinished == true, let request = requests.popFirst() else { return nil }
        return Finished(replies: request.replies, completion: request.completion)
    }

    /// Empties the queue; the owner fails the returned requests.
    mutating func removeAll() -> [Completion] {
        commands = 0
        return requests.removeAll().map(\.completion)
    }
}
