internal import EventLoop

/// The requests whose replies are still to come, in the order in which they were sent.
///
/// A request is one batch: it has as many replies as commands, and completes with the last of them.
struct RequestQueue {
    typealias Completion = @Loop (Result<[RedisValue], RedisError>) -> Void

    private struct Request {
        var missing: Int
        var replies: [RedisValue]
        let deadline: Instant
        let completion: Completion
    }

    /// A finished request, to be run by the owner once its own state is settled.
    struct Finished {
        let replies: [RedisValue]
        let completion: Completion
    }

    private var requests = Deque<Request>()
    /// Commands without a reply.
    private(set) var commands = 0

    var isEmpty: Bool { requests.isEmpty }

    /// When the oldest request times out. Deadlines only grow along the queue, so one timer serves all.
    var deadline: Instant? { requests.first?.deadline }

    mutating func append(commands count: Int, deadline: Instant, completion: @escaping Completion) {
        var replies: [RedisValue] = []
        replies.reserveCapacity(count)
        requests.append(Request(missing: count, replies: replies, deadline: deadline, completion: completion))
        commands += count
    }

    /// Adds a reply to the oldest request, and returns the request when that was its last one.
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

    /// Empties the queue; the owner fails what is returned.
    mutating func removeAll() -> [Completion] {
        commands = 0
        return requests.removeAll().map(\.completion)
    }
}
