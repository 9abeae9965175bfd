internal import EventLoop

/// The requests that wait for replies, in the order in which they were sent.
///
/// A request is one batch: it has as many replies as commands, and completes with the last one. One that times out is
/// completed then, and keeps its place: replies come in order, so that its late reply is recognized.
struct RequestQueue {
    typealias Completion = @Loop (Result<[RedisValue], RedisError>) -> Void

    private struct Request {
        var missing: Int
        var replies: [RedisValue]
        let deadline: Instant
        /// Nil once it has timed out.
        var completion: Completion?
    }

    /// A finished request, which the owner completes after updating its own state.
    struct Finished {
        let replies: [RedisValue]
        let completion: Completion
    }

    private var requests = Deque<Request>()
    /// Requests at the front that have timed out.
    private var expired = 0
    /// Commands without a reply.
    private(set) var commands = 0
    /// Whether a request has timed out whose reply may still come.
    var isLate: Bool { expired > 0 }

    var isEmpty: Bool { requests.isEmpty }

    /// When the next request times out. Deadlines only grow along the queue, so one timer suffices.
    var deadline: Instant? { expired < requests.count ? requests[expired].deadline : nil }

    mutating func append(commands count: Int, deadline: Instant, completion: @escaping Completion) {
        var replies: [RedisValue] = []
        replies.reserveCapacity(count)
        requests.append(Request(missing: count, replies: replies, deadline: deadline, completion: completion))
        commands += count
    }

    /// Adds a reply to the oldest request; returns the request when that was its last reply, unless it has timed out.
    ///
    /// - Precondition: the queue is not empty.
    mutating func take(_ reply: RedisValue) -> Finished? {
        commands -= 1
        let isFinished = requests.withFirst { request in
            if request.completion != nil { request.replies.append(reply) }
            request.missing -= 1
            return request.missing == 0
        }
        guard isFinished == true, let request = requests.popFirst() else { return nil }
        guard let completion = request.completion else {
            expired -= 1
            return nil
        }
        return Finished(replies: request.replies, completion: completion)
    }

    /// Takes the completions of the requests whose deadline has passed.
    mutating func expire(at now: Instant) -> [Completion] {
        var completions: [Completion] = []
        while expired < requests.count, requests[expired].deadline <= now {
            var request = requests[expired]
            if let completion = request.completion.take() { completions.append(completion) }
            request.replies = []
            requests[expired] = request
            expired += 1
        }
        return completions
    }

    /// Empties the queue; the owner fails the returned requests.
    mutating func removeAll() -> [Completion] {
        commands = 0
        expired = 0
        return requests.removeAll().compactMap(\.completion)
    }
}
