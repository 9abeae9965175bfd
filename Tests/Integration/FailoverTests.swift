import EventLoop
import Foundation
import JSON
import TestSupport
import Testing

/// All services on a Redis that fails over, and has lost what its replica had not been told.
@Suite(
    .onLoop, .serialized, .enabled(if: RedisFailover.isAvailable && Services.binaries != nil),
    .timeLimit(.minutes(3)))
struct FailoverTests {
    @Test @Loop func servicesFollowThePrimaryAndNobodyMissesAnythingInSilence() async throws {
        try await withServices(story)
    }

    /// Nobody is left who saw the old primary.
    @Test @Loop func alsoWhenEveryNotifierDiesWithThePrimary() async throws {
        try await withServices { services, redis in
            let token = try await services.token(for: "FAILOVER-2")
            let tab = try await services.tab(token)
            try await eventually("the welcome") { !tab.messages("welcome").isEmpty }
            let epoch = try #require(tab.messages("welcome")[0]["epoch"]?.string)
            let first = try #require(try await services.order(token))
            try await eventually("its completion") { tab.completion(of: first) != nil }
            let position = try #require(tab.completion(of: first)?["id"]?.int)
            try await redis.cutReplication()
            let lost = try #require(try await services.order(token))
            try await eventually("its completion") { tab.completion(of: lost) != nil }
            services.killNotifiers()
            redis.signal(SIGKILL, redis.first)
            try await services.startNotifiers()
            try await services.ready()
            let back = try await services.tab(token, query: "?epoch=\(epoch)&lastEventId=\(position)")
            try await eventually("it is resumed") { !back.messages("resumed").isEmpty }
            #expect(back.isToldOfAHole)
        }
    }

    @Loop private func withServices(
        _ body: @Loop (Services, RedisFailover) async throws -> Void
    ) async throws {
        try await PrivateServers.with("rabbitmq", "postgres") { servers in
            try await RedisFailover.with { redis in
                let sentinels = redis.sentinels.map(\.description).joined(separator: ",")
                // The host is nowhere: only the sentinels know.
                let keys = [
                    "REDIS_URL": "redis://:\(RedisFailover.password)@nowhere.invalid:1",
                    "REDIS_SENTINELS": sentinels, "REDIS_PRIMARY": RedisFailover.name,
                ]
                try await Services.with(Services.Ground(servers: servers, redis: keys)) { services in
                    try await body(services, redis)
                }
            }
        }
    }

    @Loop private func story(_ services: Services, _ redis: RedisFailover) async throws {
        let token = try await services.token(for: "FAILOVER-1")
        let tab = try await services.tab(token)
        try await eventually("the welcome") { !tab.messages("welcome").isEmpty }
        let epoch = try #require(tab.messages("welcome")[0]["epoch"]?.string)
        let first = try #require(try await services.order(token))
        try await eventually("its completion") { tab.completion(of: first) != nil }
        let position = try #require(tab.completion(of: first)?["id"]?.int)

        // From here on the replica hears nothing: what the primary takes now is lost with it.
        try await redis.cutReplication()
        let lost = try #require(try await services.order(token))
        try await eventually("its completion") { tab.completion(of: lost) != nil }
        redis.signal(SIGKILL, redis.first)

        var third: String?
        try await eventually("orders are taken again", within: .seconds(30)) {
            third = try await services.order(token)
            return third != nil
        }
        try await services.ready()
        let order = try #require(third)
        // The tab has kept its socket, and is told of the hole. What happens before the notifiers notice the
        // failover lies within the hole; what happens after it is told.
        try await eventually("the news of the hole", within: .seconds(20)) { tab.isToldOfAHole }
        let later = try #require(try await services.order(token))
        try await eventually("its completion", within: .seconds(20)) { tab.completion(of: later) != nil }
        #expect(try await services.isCompleted(order, token))
        #expect(tab.end == nil)

        // A tab that was away in the meantime had seen the first order alone.
        let back = try await services.tab(token, on: 1, query: "?epoch=\(epoch)&lastEventId=\(position)")
        try await eventually("it is resumed") { !back.messages("resumed").isEmpty }
        #expect(back.isToldOfAHole)
        let welcome = try #require(back.messages("welcome").first)
        let renewed = try #require(welcome["epoch"]?.string)
        #expect(renewed != epoch)

        // From the new position on all is well.
        let query = "?epoch=\(renewed)&lastEventId=\(welcome["lastEventId"]?.int ?? 0)"
        let fourth = try #require(try await services.order(token))
        try await eventually("its completion") { back.completion(of: fourth) != nil }
        let resumed = try await services.tab(token, query: query)
        try await eventually("it is resumed") { !resumed.messages("resumed").isEmpty }
        #expect(resumed.messages("resumed")[0]["recovered"] == true)
        #expect(resumed.completion(of: fourth) != nil)
    }
}

extension Tab {
    fileprivate var isToldOfAHole: Bool { messages("resumed").contains { $0["recovered"] == false } }
}
