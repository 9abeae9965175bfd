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

    /// The drivers available here: Redis needs a server, named by `WAYBILL_TEST_SERVERS`.
    static var available: [Driver] { LiveRedis.shared == nil ? [.memory] : allCases }
}

/// One set of stores, and operations on their state that the stores do not offer.
@Loop
final class StoreFixture {
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
        workflows: any WorkflowStore, mailboxes: any MailboxStore, idempotency: any IdempotencyStore,
        channels: [any UserChannels],
        expire: @escaping @Loop ([CorrelationID], [UserID]) async throws -> Void,
        retention: @escaping @Loop (CorrelationID) async throws -> (owner: Duration?, status: Duration?),
        endLease: @escaping @Loop (IdempotencyKey) async throws -> Void,
        lose: @escaping @Loop (QueuedOrder, OrderCopy) async throws -> Void,
        loseEntry: @escaping @Loop (UserID, Int64) async throws -> Void,
        spoil: @escaping @Loop ([RedisKey]) async throws -> Void,
        corrupt: @escaping @Loop (CorrelationID, String) async throws -> Void
    ) {
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
                (state.remaining(WorkflowKeys.owner($0)), state.remaining(WorkflowKeys.status($0)))
            },
            endLease: { _ in state.advance(by: retention.lease + .seconds(1)) },
            lose: { order, copy in
                if let key = copy.key(of: order) { state.remove(key) } else { state.queued.remove(order) }
            },
            loseEntry: { state.removeEntry($1, of: $0) }, spoil: { for key in $0 { state.remove(key) } },
            corrupt: { state.set(WorkflowKeys.status($0), Array($1.utf8), for: retention.workflow) }))
}

@Loop
private func withRedis(_ retention: Retention, _ body: @Loop (StoreFixture) async throws -> Void) async throws
{
    let configuration = LiveRedis.shared!.configuration
    let client = RedisClient(configuration)
    let subscribers = [RedisSubscriber(configuration), RedisSubscriber(configuration)]
    let runs =
        [Task { @Loop in await client.run() }] + subscribers.map { one in Task { @Loop in await one.run() } }
    let fixture = StoreFixture(
        workflows: RedisWorkflowStore(client, retention), mailboxes: RedisMailboxStore(client, retention),
        idempotency: RedisIdempotencyStore(client, retention),
        channels: subscribers.map { RedisUserChannels($0) },
        expire: { ids, users in
            _ = try await client.pipeline { batch in
                for id in ids {
                    batch.add("DEL", WorkflowKeys.owner(id), WorkflowKeys.status(id), WorkflowKeys.number(id))
                    for status in OrderStatus.allCases {
                        batch.add("DEL", RedisKey("notify:delivered:", "\(id):\(status.wireName)"))
                    }
                }
                for user in users { batch.add("DEL", WorkflowKeys.mailbox(user)) }
            }
        },
        retention: { id in
            let replies = try await client.pipeline { batch in
                batch.add("PTTL", WorkflowKeys.owner(id))
                batch.add("PTTL", WorkflowKeys.status(id))
            }
            let left = replies.map { $0.integer.flatMap { $0 < 0 ? nil : Duration.milliseconds($0) } }
            return (left[0], left[1])
        },
        endLease: { _ = try await client.command("DEL", WorkflowKeys.idempotency($0)) },
        lose: { order, copy in
            if let key = copy.key(of: order) {
                _ = try await client.command("DEL", key)
            } else {
                _ = try await client.command("ZREM", WorkflowKeys.queued, WorkflowKeys.member(order))
            }
        },
        loseEntry: { _ = try await client.command("XDEL", WorkflowKeys.mailbox($0), "\($1)-0") },
        spoil: { keys in
            _ = try await client.pipeline { batch in
                for key in keys {
                    batch.add("DEL", key)
                    batch.add("SADD", key, "other")
                    batch.add("EXPIRE", key, 60)
                }
            }
        },
        corrupt: { _ = try await client.command("SET", WorkflowKeys.status($0), $1, "EX", 60) })
    var failure: (any Error)?
    do { try await body(fixture) } catch { failure = error }
    client.close()
    for subscriber in subscribers { subscriber.close() }
    for run in runs { await run.value }
    if let failure { throw failure }
}

/// The real server named by `WAYBILL_TEST_SERVERS`. Test keys contain random ids, and expire after a minute.
struct LiveRedis: Decodable {
    let host: String
    let port: UInt16
    let user: String?
    let password: String?

    static let shared: LiveRedis? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        struct Servers: Decodable { let redis: LiveRedis? }
        return (try? JSONDecoder().decode(Servers.self, from: data))?.redis
    }()

    var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: Endpoint(host: host, port: port))
        configuration.user = user
        configuration.password = password
        return configuration
    }
}

/// What an acceptance writes.
enum OrderCopy: CaseIterable, Sendable {
    case status, owner, number, pending, index

    /// Nil for the index, which orders share.
    func key(of order: QueuedOrder) -> RedisKey? {
        switch self {
        case .status: WorkflowKeys.status(order.correlationID)
        case .owner: WorkflowKeys.owner(order.correlationID)
        case .number: WorkflowKeys.number(order.correlationID)
        case .pending: WorkflowKeys.pending(order.orderID)
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
