import EventLoop
import JSON
import Redis

/// The registered notifiers: `notify:replicas` lists them, `notify:replica:<entry>` has the details.
@Loop
struct ReplicaRegistry {
    private static let most = 100

    private let client: any RedisCommands

    init(_ client: any RedisCommands) { self.client = client }

    func read() async throws(RedisError) -> JSONValue {
        let names =
            try await client.command(
                "ZRANGEBYSCORE", "notify:replicas", WallClock.seconds(), "+inf", "LIMIT", 0, Self.most
            ).array ?? []
        let keys = names.compactMap(\.string).sorted().map { "notify:replica:\($0)" }
        let documents = try await client.values(of: keys)
        return .array(documents.compactMap { $0.bytes.flatMap { Self.summary($0) } })
    }

    /// A registration names up to a thousand sessions; only their number is returned.
    private static func summary(_ bytes: [UInt8]) -> JSONValue? {
        guard let document = try? JSONValue(parsing: bytes.span) else { return nil }
        return .object((document.members ?? []).filter { $0.key != "users" })
    }
}
