import EventLoop
import Foundation
import MemoryAdapters
import Orders
import Redis

@testable import WorkflowState

/// The drivers, which must behave alike.
enum Driver: String, CaseIterable, Sendable {
    case memory
    case redis
    case cluster

    /// The drivers available here: Redis needs servers, named by `WAYBILL_TEST_SERVERS`.
    static var available: [Driver] { LiveRedis.shared == nil ? [.memory] : allCases }
}

/// One set of stores, and operations on their state that the stores do not offer.
@Loop
final class StoreFixture {
    let keys: WorkflowKeys
    let workflows: any WorkflowStore
    let mailboxes: any MailboxStore
    let idempotency: any IdempotencyStore
    /// The channels of two replicas.
    let channels: [any UserChannels]
    /// Expires all keys of these orders and users.
    let expire: @Loop ([CorrelationID], [UserID]) async throws -> Void
    /// The remaining lifetime of an order's owner and status; `nil` where there is none.
    let retention: @Loop (CorrelationID) async throws -> (owner: Duration?, status: Duration?)
    /// Expires the lease of an idempotency key.
    let endLease: @Loop (IdempotencyKey) async throws -> Void
    /// Loses one of an order's copies.
    let lose: @Loop (QueuedOrder, OrderCopy) async throws -> Void
    /// Deletes an entry from within a mailbox.
    let loseEntry: @Loop (UserID, Int64) async throws -> Void
    /// Writes a value of another type in place of these keys, which must not be in use by other tests.
    let spoil: @Loop ([RedisKey]) async throws -> Void
    /// Writes text in place of a status.
    let corrupt: @Loop (CorrelationID, String) async throws -> Void

    private let seed = UInt64.random(in: 0 ... .max)
    private var count: UInt64 = 0

    init(
        keys: WorkflowKeys = .plain, workflows: any WorkflowStore, mailboxes: any MailboxStore,
        idempotency: any IdempotencyStore,
        channels: [any UserChannels],
        expire: @escaping @Loop ([CorrelationID], [UserID]) async throws -> Void,
        retention: @escaping @Loop (CorrelationID) async throws -> (owner: Duration?, status: Duration?),
        endLease: @escaping @Loop (IdempotencyKey) async throws -> Void,
        lose: @escaping @Loop (QueuedOrder, OrderCopy) async throws -> Void,
        loseEntry: @escaping @Loop (UserID, Int64) async throws -> Void,
        spoil: @escaping @Loop ([RedisKey]) async throws -> Void,
        corrupt: @escaping @Loop (CorrelationID, String) async throws -> Void
    ) {
        self.keys = keys
        self.workflows = workflows
        self.mailboxes = mailboxes
        self.idempotency = idempotency
        self.channels = channels
        self.expire = expire
        self.retention = retention
        self.endLease = endLease
        self.lose = lose
        self.loseEntry = loseEntry
        self.spoil = spoil
        self.corrupt = corrupt
    }

    /// A new order of a user.
    func order(of user: UserID? = nil) -> Acceptance {
        count += 1
        return Acceptance(
            correlationID: CorrelationID(unixMilliseconds: count, randomA: 0, randomB: seed &+ count),
            owner: user ?? self.user(), orderID: OrderID(Int64(seed >> 24) * 1000 + Int64(count % 1000) + 1)!,
            pending: Array(#"{"id":1}"#.utf8))
    }

    func user(_ suffix: String = "") -> UserID {
        count += 1
        return UserID("test-\(seed)-\(count)\(suffix)")!
    }

    func delivery(to user: UserID, _ status: OrderStatus = .completed) -> MailboxDelivery {
        let order = order(of: user)
        return MailboxDelivery(
            to: user,
            StatusUpdate(
                correlationID: order.correlationID, orderID: order.orderID, status: status,
                occurredAt: Timestamp(milliseconds: 1_767_225_600_123)))
    }
}

/// Runs `body` with a new fixture of the driver.
@Loop
func with(
    _ driver: Driver, _ retention: Retention = Retention(), _ body: @Loop (StoreFixture) async throws -> Void
)
    async throws
{
    switch driver {
    case .memory: try await withMemory(retention, body)
    case .redis: try await withRedis(retention, body)
    case .cluster: try await withCluster(retention, body)
    }
}

@Loop
private func withMemory(_ retention: Retention, _ body: @Loop (StoreFixture) async throws -> Void)
    async throws
{
    let state = MemoryState()
    try await body(
        StoreFixture(
            workflows: MemoryWorkflowStore(state, retention), mailboxes: MemoryMailboxStore(state, retention),
            idempotency: MemoryIdempotencyStore(state, retention),
            channels: [MemoryUserChannels(state), MemoryUserChannels(state)],
            expire: { _, _ in state.advance(by: retention.workflow + .seconds(1)) },
            retention: {
                (
                    state.remaining(WorkflowKeys.plain.owner($0)),
                    state.remaining(WorkflowKeys.plain.status($0))
                )
            },
            endLease: { _ in state.advance(by: retention.lease + .seconds(1)) },
            lose: { order, copy in
                if let key = copy.key(of: order, .plain) {
                    state.remove(key)
                } else {
                    state.queued.remove(order)
                }
            },
            loseEntry: { state.removeEntry($1, of: $0) }, spoil: { for key in $0 { state.remove(key) } },
            corrupt: { state.set(WorkflowKeys.plain.status($0), Array($1.utf8), for: retention.workflow) }))
}

@Loop
private func withRedis(_ retention: Retention, _ body: @Loop (StoreFixture) async throws -> Void) async throws
{
    let configuration = LiveRedis.shared!.configuration
    let client = RedisClient(configuration)
    let subscribers = [RedisSubscriber(configuration), RedisSubscriber(configuration)]
    try await running([client] + subscribers) {
        try await body(fixture(client, subscribers, retention))
    }
}

@Loop
private func withCluster(_ retention: Retention, _ body: @Loop (StoreFixture) async throws -> Void)
    async throws
{
    let live = LiveRedis.shared!
    let cluster = RedisCluster(live.configuration, seeds: live.nodes)
    let client = RedisClusterClient(cluster)
    let subscribers = [RedisClusterSubscriber(cluster), RedisClusterSubscriber(cluster)]
    try await running([cluster, client] + subscribers) {
        try await client.ready(within: .seconds(10))
        try await body(fixture(client, subscribers, retention))
    }
}

@Loop
private func running(_ services: [any Service], _ body: @Loop () async throws -> Void) async throws {
    let runs = services.map { one in Task { @Loop in try? await one.run() } }
    var failure: (any Error)?
    do { try await body() } catch { failure = error }
    for run in runs { run.cancel() }
    for run in runs { await run.value }
    if let failure { throw failure }
}

@Loop
private func fixture(
    _ client: any RedisCommands, _ subscribers: [any RedisChannels], _ retention: Retention
) -> StoreFixture {
    let keys = WorkflowKeys(isTagged: client.isCluster)
    return StoreFixture(
        keys: keys,
        workflows: RedisWorkflowStore(client, retention), mailboxes: RedisMailboxStore(client, retention),
        idempotency: RedisIdempotencyStore(client, retention),
        channels: subscribers.map { RedisUserChannels($0) },
        expire: { ids, users in
            _ = try await client.pipeline { batch in
                for id in ids {
                    batch.add("DEL", keys.owner(id), keys.status(id), keys.number(id))
                    for (user, status) in users.flatMap({ user in OrderStatus.allCases.map { (user, $0) } }) {
                        let update = StatusUpdate(
                            correlationID: id, orderID: OrderID(1)!, status: status,
                            occurredAt: Timestamp(milliseconds: 0))
                        batch.add("DEL", keys.delivered(update, to: user))
                    }
                }
                for user in users { batch.add("DEL", keys.mailbox(user)) }
            }
        },
        retention: { id in
            let replies = try await client.pipeline { batch in
                batch.add("PTTL", keys.owner(id))
                batch.add("PTTL", keys.status(id))
            }
            let left = replies.map { $0.integer.flatMap { $0 < 0 ? nil : Duration.milliseconds($0) } }
            return (left[0], left[1])
        },
        endLease: { _ = try await client.command("DEL", keys.idempotency($0)) },
        lose: { order, copy in
            if let key = copy.key(of: order, keys) {
                _ = try await client.command("DEL", key)
            } else {
                _ = try await client.command(
                    "ZREM", keys.queued(of: order.owner), WorkflowKeys.member(order))
            }
        },
        loseEntry: { _ = try await client.command("XDEL", keys.mailbox($0), "\($1)-0") },
        spoil: { keys in
            _ = try await client.pipeline { batch in
                for key in keys {
                    batch.add("DEL", key)
                    batch.add("SADD", key, "other")
                    batch.add("EXPIRE", key, 60)
                }
            }
        },
        corrupt: { _ = try await client.command("SET", keys.status($0), $1, "EX", 60) })
}

/// The real servers named by `WAYBILL_TEST_SERVERS`. Test keys contain random ids, and expire after a minute.
struct LiveRedis: Decodable {
    private let redis: Server
    private let redisCluster: Cluster

    private struct Server: Decodable {
        let host: String
        let port: UInt16
        let user: String?
        let password: String?
    }

    private struct Cluster: Decodable {
        let nodes: [String]
    }

    static let shared: LiveRedis? = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"].map { path in
        let data = FileManager.default.contents(atPath: path)!
        return try! JSONDecoder().decode(LiveRedis.self, from: data)
    }

    var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: Endpoint(host: redis.host, port: redis.port))
        // Tests of the memory driver keep the loop for seconds.
        configuration.commandTimeout = .seconds(20)
        configuration.user = redis.user
        configuration.password = redis.password
        return configuration
    }

    /// With the user of the single server.
    var nodes: [Endpoint] { redisCluster.nodes.map { Endpoint($0)! } }
}

/// What an acceptance writes.
enum OrderCopy: CaseIterable, Sendable {
    case status, owner, number, pending, index

    /// Nil for the index, which orders share.
    func key(of order: QueuedOrder, _ keys: WorkflowKeys) -> RedisKey? {
        switch self {
        case .status: keys.status(order.correlationID)
        case .owner: keys.owner(order.correlationID)
        case .number: keys.number(order.correlationID)
        case .pending: keys.pending(order.orderID, of: order.owner)
        case .index: nil
        }
    }
}

extension Retention {
    /// Short enough to expire by itself, long enough for any test.
    static let test: Retention = {
        var retention = Retention(workflow: .seconds(60))
        retention.response = .seconds(60)
        retention.mailboxCap = 8
        return retention
    }()
}

enum UserIDs {
    static func join(_ user: UserID, _ rest: String, by separator: String = ":") -> UserID {
        UserID(user.value + separator + rest)!
    }
}
