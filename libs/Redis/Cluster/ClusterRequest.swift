internal import EventLoop

/// A command of a pipeline that is to be sent: no node has run it.
struct ClusterRequest {
    /// Its place in the pipeline, and so that of its reply.
    let index: Int
    /// The slot that a node has named; that of the command's key when nil.
    var slot: Int?
    /// The node that imports the slot: asked once, with ASKING.
    var asks: Endpoint?
    /// A node refuses it for now.
    var isDelayed = false
}

/// The commands of a pipeline that go to one node.
struct ClusterPart {
    let node: RedisClient
    private(set) var batch = RedisBatch()
    /// For each reply the place of its command; nil for that of a command of the client's own. Empty when the part is
    /// the whole pipeline.
    private(set) var indices: [Int?] = []

    init(_ node: RedisClient, all batch: RedisBatch) {
        self.node = node
        self.batch = batch
    }

    /// - Parameter source: of a script that the node may not have.
    init(_ node: RedisClient, loading source: String?) {
        self.node = node
        guard let source else { return }
        batch.add("SCRIPT", "LOAD", source)
        indices.append(nil)
    }

    mutating func add(_ request: ClusterRequest, _ command: ArraySlice<UInt8>) {
        if request.asks != nil {
            batch.add("ASKING")
            indices.append(nil)
        }
        batch.append(command: command)
        indices.append(request.index)
    }
}

/// Parts that were sent at the same time.
@Loop
final class ClusterExchange {
    typealias Outcome = Result<[RedisValue], RedisError>

    private(set) var outcomes: [Outcome]
    private var missing: Int

    init(_ parts: [ClusterPart]) {
        outcomes = Array(repeating: .success([]), count: parts.count)
        missing = parts.count
    }

    /// `completion` is called when the last part has ended.
    func send(_ parts: [ClusterPart], completion: @escaping @Loop () -> Void) {
        for (index, part) in parts.enumerated() {
            part.node.send(part.batch) { [self] outcome in
                outcomes[index] = outcome
                missing -= 1
                if missing == 0 { completion() }
            }
        }
    }
}

/// How often the commands of one pipeline are sent again.
struct ClusterAttempts {
    /// Redirections in a row.
    static let limit = 5

    private let source: String?
    /// The source of the script, if a node did not have it: each node that is asked from then on gets it first.
    private(set) var missingScript: String?
    private var redirections = 0
    private var backoff = Backoff(base: .milliseconds(10), cap: .milliseconds(250))

    @Loop init(_ script: RedisScript?) { source = script?.source }

    /// - Returns: whether it can be loaded.
    mutating func missesScript() -> Bool {
        missingScript = source
        return source != nil
    }

    /// The delay before the next attempt; nil after too many redirections.
    mutating func delay(before requests: [ClusterRequest]) -> Duration? {
        if requests.contains(where: \.isDelayed) {
            redirections = 0
            return backoff.next()
        }
        redirections += 1
        return redirections <= Self.limit ? .zero : nil
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
