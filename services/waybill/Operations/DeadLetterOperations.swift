internal import Bytes
import EventLoop
internal import JSON
import Messaging

/// The dead letters of all queues, by the console's routes: list, show, replay, drop.
@Loop
struct DeadLetterOperations {
    typealias Queue = OrderTopology.WorkQueue

    /// Of one request.
    private static let page = 200
    private static let pause = Duration.milliseconds(250)

    /// Which messages are wanted; nil and empty for all.
    struct Filter: Sendable {
        var reason: String?
        var text: String?

        fileprivate var query: String {
            var query = ""
            if let reason { query += "&reason=\(PercentEncoding.encode(reason))" }
            if let text { query += "&q=\(PercentEncoding.encode(text))" }
            return query
        }
    }

    /// The messages of a queue that match, the oldest first.
    struct Listing: Sendable {
        let queue: Queue
        var items: [JSONValue] = []
        /// That match, among those that were looked at.
        var matching = 0
        /// Of the queue, whatever they are.
        var total = 0
        /// `{reason, count, words}`, the most frequent first.
        var groups: [JSONValue] = []

        var names: [String] { items.compactMap { $0["id"]?.string } }
    }

    let api: OrderAPI

    func list(
        _ queues: [Queue], _ filter: Filter = Filter(), limit: Int = .max
    ) async throws -> [Listing] {
        var listings: [Listing] = []
        for queue in queues {
            var listing = Listing(queue: queue)
            repeat {
                let answer = try await api.get(
                    "/ops/api/dead-letters/\(queue.rawValue)?offset=\(listing.items.count)&size=\(Self.page)"
                        + filter.query)
                let items = answer["items"]?.array ?? []
                listing.total = answer["total"]?.int ?? 0
                listing.matching = answer["matching"]?.int ?? 0
                listing.groups = answer["groups"]?.array ?? []
                listing.items += items
                if items.isEmpty { break }
            } while listing.items.count < min(limit, listing.matching)
            listing.items = Array(listing.items.prefix(limit))
            listings.append(listing)
        }
        return listings
    }

    /// Whole, of each queue that has a message of this name.
    func show(_ name: String, in queues: [Queue]) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        for queue in queues {
            let answer = try await api.get(
                "/ops/api/dead-letters/\(queue.rawValue)?id=\(PercentEncoding.encode(name))")
            found += answer["items"]?.array ?? []
        }
        return found
    }

    /// The names that a queue has of those wanted; all that match the filter when none are named.
    func chosen(_ names: Set<ByteString>?, in listing: Listing) -> [String] {
        guard let names else { return listing.names }
        return listing.names.filter { names.contains(ByteString($0)) }
    }

    /// Replays messages of one queue, and waits for what becomes of them.
    ///
    /// - Returns: the replay when it is over.
    func replay(
        _ names: [String], of queue: Queue, progress: @Loop (JSONValue) -> Void
    ) async throws -> JSONValue {
        let body = JSONValue.object([.init("ids", .array(names.map { .string($0) }))])
        var replay = try await api.post("/ops/api/dead-letters/\(queue.rawValue)/replay", body)
        while let id = replay["id"]?.int, !["done", "stopped"].contains(replay["phase"]?.string ?? "done") {
            progress(replay)
            try await Loop.sleep(for: Self.pause)
            replay = try await api.get("/ops/api/replays/\(id)")
        }
        return replay
    }

    /// - Returns: the names of those that were dropped.
    func drop(_ names: [String], of queue: Queue) async throws -> [String] {
        let body = JSONValue.object([.init("ids", .array(names.map { .string($0) }))])
        let answer = try await api.post("/ops/api/dead-letters/\(queue.rawValue)/drop", body)
        return (answer["dropped"]?.array ?? []).compactMap(\.string)
    }
}
