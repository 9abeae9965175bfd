import EventLoop
import Foundation
import HTTP
import JSON
import Observability
import Orders
import Redis
import Service
import TestSupport
import WorkflowState

@testable import OrderNotification

/// The real Redis named by `WAYBILL_TEST_SERVERS`.
struct LiveRedis: Decodable, Sendable {
    let host: String
    let port: UInt16
    let user: String?
    let password: String?
    let observer: Observer?

    struct Observer: Decodable, Sendable {
        let user: String
        let password: String
    }

    static let shared = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"].flatMap { read($0) }

    /// - Parameter path: of a `servers.json`.
    static func read(_ path: String) -> LiveRedis? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        struct Servers: Decodable { let redis: LiveRedis? }
        return (try? JSONDecoder().decode(Servers.self, from: data))?.redis
    }

    func configuration(_ name: String) -> RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: Endpoint(host: host, port: port))
        configuration.user = user
        configuration.password = password
        configuration.clientName = name
        return configuration
    }
}

/// A replica with real sockets, on a real Redis.
@Loop
final class LiveReplica {
    let name: String
    let replica: Replica
    let client: RedisClient
    let port: UInt16
    let channels: CountingChannels
    private let subscriber: RedisSubscriber
    private let server: HTTPServer
    private let runs: [Task<Void, Never>]

    init(
        _ name: String, limits: SessionLimits = SessionLimits(), mailboxCap: Int? = nil,
        on other: LiveRedis? = nil
    ) async throws {
        self.name = "\(name)-\(UInt32.random(in: 0 ... .max))"
        let redis = (other ?? LiveRedis.shared!).configuration(self.name)
        let client = RedisClient(redis)
        let subscriber = RedisSubscriber(redis)
        (self.client, self.subscriber) = (client, subscriber)
        runs = [Loop.task { await client.run() }, Loop.task { await subscriber.run() }]
        var retention = Retention(workflow: .seconds(60))
        if let mailboxCap { retention.mailboxCap = mailboxCap }
        channels = CountingChannels(RedisUserChannels(subscriber))
        var policy = SubscriptionRegistry.Policy()
        policy.sessionsPerUser = limits.sessionsPerUser
        replica = try Replica(
            name: name, limits: limits, policy: policy, mailboxes: RedisMailboxStore(client, retention),
            channels: channels, retention: retention)
        let router = HTTPRouter()
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: name), format: .json), level: .critical)
        SocketRoutes(handshakeGuard: HandshakeGuard(sessions: replica.sessions, origins: [])).add(
            to: APIRouter(router, log: log, metrics: replica.registry))
        var configuration = HTTPServer.Configuration()
        configuration.streamLimit = limits.output
        server = HTTPServer(router, configuration)
        port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0))
        try await client.ready(within: .seconds(5))
        try await eventually("the channels are there") { subscriber.state.isUp }
    }

    var mailboxes: any MailboxStore { replica.mailboxes }

    /// Ends the replica's connections to Redis, as a failing network would.
    func cutRedis() async throws {
        let list = try await client.command("CLIENT", "LIST").string ?? ""
        for line in list.split(separator: "\n") where line.contains(" name=\(name) ") {
            guard let id = line.split(separator: " ").first?.dropFirst(3) else { continue }
            _ = try? await client.command("CLIENT", "KILL", "ID", String(id))
        }
    }

    func stop() async {
        _ = await server.drain(within: .seconds(2))
        client.close()
        subscriber.close()
        for run in runs { await run.value }
        await replica.tasks.cancel()
    }
}

/// Channels that count what arrives by them.
@Loop
final class CountingChannels: UserChannels {
    private let channels: RedisUserChannels
    private(set) var arrived = 0

    init(_ channels: RedisUserChannels) { self.channels = channels }

    var onMessage: (@Loop (UserID, Publication) -> Void)? {
        get { channels.onMessage }
        set {
            channels.onMessage = { [weak self] user, message in
                self?.arrived += 1
                newValue?(user, message)
            }
        }
    }

    var onRestored: (@Loop ([UserID]) -> Void)? {
        get { channels.onRestored }
        set { channels.onRestored = newValue }
    }

    func listen(for user: UserID) async throws(WorkflowStateError) { try await channels.listen(for: user) }

    func stopListening(for user: UserID) { channels.stopListening(for: user) }
}

/// A client's end of a WebSocket.
@Loop
final class Tab: WebSocketHandler {
    private(set) var texts: [String] = []
    private(set) var end: WebSocketCloseCode?

    nonisolated init() {}

    func received(text: Span<UInt8>, on socket: WebSocket) {
        var bytes: [UInt8] = []
        for index in text.indices { bytes.append(text[index]) }
        texts.append(String(decoding: bytes, as: UTF8.self))
    }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) { end = code }

    var messages: [JSONValue] { texts.compactMap { try? JSONValue(parsing: $0) } }
    func messages(_ type: String) -> [JSONValue] { messages.filter { $0["type"]?.string == type } }
    var offsets: [Int] { messages("order.status").compactMap { $0["id"]?.int } }
    var isWelcome: Bool { !messages("welcome").isEmpty }
}
