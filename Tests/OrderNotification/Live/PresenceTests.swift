import EventLoop
import JSON
import Observability
import Redis
import TestSupport
import Testing

@testable import OrderNotification

/// All replicas share one key.
@Loop @Suite(.serialized, .enabled(if: LiveRedis.shared != nil), .timeLimit(.minutes(1)))
struct PresenceTests {
    private func presence(_ replica: LiveReplica) -> Presence {
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: replica.name), format: .json),
            level: .critical)
        return Presence(
            replica.client, replica.replica.sessions, address: "127.0.0.1:1", log: log)
    }

    @Test func aReplicaIsRegisteredUntilItStops() async throws {
        let name = "presence-\(UInt64.random(in: 0 ... .max))"
        let replica = try await LiveReplica(name)
        let presence = presence(replica)
        let (session, tab) = replica.replica.open("ada-\(name)")
        _ = replica.replica.open("ada-\(name)", .events)
        try await eventually("the welcome") { session.isLive && !tab.messages.isEmpty }
        let client = replica.client
        for _ in 0..<2 {
            await presence.register()
            #expect(try await client.command("ZSCORE", Presence.index, presence.registration).integer != nil)
            let text = try await client.command("GET", "notify:replica:\(presence.registration)").string
            let document = try JSONValue(parsing: try #require(text))
            #expect(document["sessions"]?["websocket"]?.int == 1 && document["sessions"]?["sse"]?.int == 1)
            let user = try #require(document["users"]?[0])
            #expect(user["userId"]?.string == "ada-\(name)" && user["sessions"]?.array?.count == 2)
            let epoch = try #require(tab.messages("welcome")[0]["epoch"]?.string)
            #expect(user["position"]?.string?.hasPrefix("\(epoch):") == true)
        }
        #expect(try await client.command("TTL", "notify:replica:\(presence.registration)").integer ?? 0 > 10)
        await presence.drain(until: Loop.now + .seconds(5))
        #expect(try await client.command("EXISTS", "notify:replica:\(presence.registration)") == .integer(0))
        #expect(try await client.command("ZSCORE", Presence.index, presence.registration).isNull)
        await replica.stop()
    }

    /// In the key of all replicas.
    @Test func aValueOfAnotherTypeIsReplaced() async throws {
        let replica = try await LiveReplica("presence-\(UInt64.random(in: 0 ... .max))")
        let presence = presence(replica)
        _ = try await replica.client.command("SET", Presence.index, "1")
        await presence.register()
        await presence.register()
        #expect(
            try await replica.client.command("ZSCORE", Presence.index, presence.registration).integer != nil)
        await replica.stop()
    }

    @Test func atMostAThousandSessionsAreListed() async throws {
        let name = "presence-\(UInt64.random(in: 0 ... .max))"
        let replica = try await LiveReplica(name)
        for number in 0..<600 {
            for _ in 0..<2 { _ = replica.replica.open("\(name)-\(number)") }
        }
        let presence = presence(replica)
        await presence.register()
        let text = try await replica.client.command("GET", "notify:replica:\(presence.registration)").string
        let document = try JSONValue(parsing: try #require(text))
        let named = (document["users"]?.array ?? []).map { $0["sessions"]?.array?.count ?? 0 }
        #expect(named.reduce(0, +) == 1000 && document["sessions"]?["websocket"]?.int == 1200)
        await replica.stop()
    }

    /// As copies of one container have them, or of one host.
    @Test func replicasOfOneNameAreToldApart() async throws {
        let name = "presence-\(UInt64.random(in: 0 ... .max))"
        let replica = try await LiveReplica(name)
        let presences = (0..<5).map { _ in presence(replica) }
        for presence in presences { await presence.register() }
        let client = replica.client
        @Loop func registered() async throws -> [String] {
            let members = try await client.pipeline { $0.add("ZRANGE", list: [Presence.index, "0", "-1"]) }[0]
                .get()
            return (members.array ?? []).compactMap(\.string).filter { $0.hasPrefix("\(name)#") }
        }
        #expect(try await registered().count == 5)
        await presences[0].drain(until: Loop.now + .seconds(5))
        #expect(try await Set(registered()) == Set(presences.dropFirst().map(\.registration)))
        for presence in presences { await presence.drain(until: Loop.now + .seconds(5)) }
        await replica.stop()
    }

    /// The observer's Redis user can read registrations, the copies of orders and mailboxes, and nothing else.
    @Test func theObserverOnlyReads() async throws {
        let redis = try #require(LiveRedis.shared)
        let observer = try #require(redis.observer)
        var configuration = redis.configuration("observer")
        configuration.user = observer.user
        configuration.password = observer.password
        let connection = try await RedisConnection.connect(configuration)
        _ = try await connection.command("ZRANGEBYSCORE", Presence.index, 0, "+inf")
        _ = try await connection.command("MGET", "notify:replica:x")
        _ = try await connection.command("MGET", "order:status:x", "order:map:x", "order:pending:1")
        _ = try await connection.command("XREVRANGE", "notify:mailbox:x", "+", "-", "COUNT", 1)
        _ = try await connection.command("ZCARD", "order:queued")
        let refused = try await connection.pipeline { batch in
            batch.add("MGET", "order:idem:x:y")
            batch.add("MGET", "order:id:x")
            batch.add("MGET", "notify:epoch")
            batch.add("SET", "order:status:x", "COMPLETED|1")
            batch.add("XADD", "notify:mailbox:x", "*", "u", "y")
            batch.add("GET", "notify:replica:x")
            batch.add("SET", "notify:replica:x", "y")
            batch.add("SCAN", 0)
            batch.add("SUBSCRIBE", "notify:user:ada")
            batch.add("ACL", "LIST")
        }
        for reply in refused {
            guard case .error(let error) = reply else {
                Issue.record("not refused: \(reply)")
                continue
            }
            #expect(error.code == .authentication, "\(error)")
        }
        connection.close()
    }
}
