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

    private var requests: [Request?] = []
    private var head = 0
    /// Commands without a reply.
    private(set) var commands = 0

    var isEmpty: Bool { head == requests.count }

    /// When the oldest request is late. Deadlines only grow along the queue, so one timer serves all.
    var deadline: Instant? { isEmpty ? nil : requests[head]?.deadline }

    mutating func append(commands count: Int, deadline: Instant, completion: @escaping Completion) {
        var replies: [RedisValue] = []
        replies.reserveCapacity(count)
        requests.append(Request(missing: count, replies: replies, deadline: deadline, completion: completion))
        commands += count
    }

    /// Gives a reply to the oldest request, and returns it when that was its last one.
    ///
    /// - Precondition: the queue is not empty.
    mutating func take(_ reply: RedisValue) -> Finished? {
        commands -= 1
        requests[head]!.replies.append(reply)
        requests[head]!.missing -= 1
        guard requests[head]!.missing == 0 else { return nil }
        let request = requests[head]!
        requests[head] = nil
        head += 1
        compact()
        return Finished(replies: request.replies, completion: request.completion)
    }

    /// Empties the queue; what is returned must be failed by the owner.
    mutating func removeAll() -> [Completion] {
        defer { self = RequestQueue() }
        return requests[head...].compactMap { $0?.completion }
    }

    private mutating func compact() {
        if head == requests.count {
            requests.removeAll(keepingCapacity: requests.capacity <= 4096)
            head = 0
        } else if head >= 1024, head * 2 > requests.count {
            requests.removeFirst(head)
            head = 0
        }
    }
}
