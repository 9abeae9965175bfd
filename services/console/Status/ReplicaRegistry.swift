import Bytes
import EventLoop
import JSON
import Orders
import Redis

/// The registered notifiers: `notify:replicas` lists them, `notify:replica:<entry>` has the details.
@Loop
struct ReplicaRegistry {
    private static let most = 100

    private let client: any RedisCommands

    init(_ client: any RedisCommands) { self.client = client }

    func read() async throws(RedisError) -> [JSONValue] {
        try await documents().map { Self.summary($0) }
    }

    /// The sessions of a user, of those that the replicas name: `{replica, protocol, since, position}`.
    func sessions(of user: UserID) async throws(RedisError) -> [JSONValue] {
        var found: [JSONValue] = []
        for document in try await documents() {
            for entry in document["users"]?.array ?? []
            where entry["userId"]?.string.flatMap({ UserID($0) }) == user {
                for session in entry["sessions"]?.array ?? [] {
                    found.append(
                        .object(
                            [
                                .init("replica", document["replica"] ?? .null),
                                .init("position", entry["position"] ?? .null),
                            ] + (session.members ?? [])))
                }
            }
        }
        return found
    }

    /// Redis' version, and the product when it is another one. HELLO needs no permission.
    func version() async -> String? {
        guard let fields = try? await client.command("HELLO").array else { return nil }
        func text(_ name: String) -> String? {
            fields.firstIndex { $0.string?.hasSameBytes(as: name) == true }.flatMap { index in
                index + 1 < fields.count ? fields[index + 1].string : nil
            }
        }
        guard let version = text("version") else { return nil }
        guard let product = text("server"), !product.hasSameBytes(as: "redis") else { return version }
        return "\(product) \(version)"
    }

    private func documents() async throws(RedisError) -> [JSONValue] {
        let names =
            try await client.command(
                "ZRANGEBYSCORE", "notify:replicas", WallClock.seconds(), "+inf", "LIMIT", 0, Self.most
            ).array ?? []
        let keys = names.compactMap(\.string).sorted().map { "notify:replica:\($0)" }
        let values = try await client.values(of: keys)
        return values.compactMap { $0.bytes.flatMap { try? JSONValue(parsing: $0.span) } }
    }

    /// A registration names up to a thousand sessions; only their number is returned.
    private static func summary(_ document: JSONValue) -> JSONValue {
        .object((document.members ?? []).filter { $0.key != "users" })
    }
}
