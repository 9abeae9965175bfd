import EventLoop
import Foundation
import JSON
import TestSupport
import Testing

/// All services on a Redis that fails over and loses writes that were not replicated.
@Suite(
    .onLoop, .serialized, .enabled(if: RedisFailover.isAvailable && Services.binaries != nil),
    .timeLimit(.minutes(3)))
struct RedisFailoverTests {
    @Test @Loop func servicesFollowAFailoverAndClientsGetAGapNotice() async throws {
        try await withServices(runFailover)
    }

    /// No replica is left that knew the old primary.
    @Test @Loop func clientsGetAGapNoticeWhenNotifiersDieWithThePrimary() async throws {
        try await withServices { services, redis in
            let token = try await services.token(for: "FAILOVER-2")
            let tab = try await services.tab(token)
            try await eventually("the welcome frame") { !tab.messages("welcome").isEmpty }
            let epoch = try #require(tab.messages("welcome")[0]["epoch"]?.string)
            let first = try #require(try await services.order(token))
            try await eventually("the COMPLETED update") { tab.completion(of: first) != nil }
            let position = try #require(tab.completion(of: first)?["id"]?.int)
            try await redis.cutReplication()
            let lost = try #require(try await services.order(token))
            try await eventually("the COMPLETED update") { tab.completion(of: lost) != nil }
            services.killNotifiers()
            redis.signal(SIGKILL, redis.first)
            try await services.startNotifiers()
            try await services.ready()
            let back = try await services.tab(token, query: "?epoch=\(epoch)&lastEventId=\(position)")
            try await eventually("the resumed frame") { !back.messages("resumed").isEmpty }
            #expect(back.hasGapNotice)
        }
    }

    @Loop private func withServices(
        _ body: @Loop (Services, RedisFailover) async throws -> Void
    ) async throws {
        try await PrivateServers.with("rabbitmq", "postgres") { servers in
            try await RedisFailover.with { redis in
                let sentinels = redis.sentinels.map(\.description).joined(separator: ",")
                // The host does not exist: only the sentinels know the primary.
                let keys = [
                    "REDIS_URL": "redis://:\(RedisFailover.password)@nowhere.invalid:1",
                    "REDIS_SENTINELS": sentinels, "REDIS_PRIMARY": RedisFailover.name,
                ]
                try await Services.with(Services.Environment(servers: servers, redis: keys)) { services in
                    try await body(services, redis)
                }
            }
        }
    }

    @Loop private func runFailover(_ services: Services, _ redis: RedisFailover) async throws {
        let token = try await services.token(for: "FAILOVER-1")
        let tab = try await services.tab(token)
        try await eventually("the welcome frame") { !tab.messages("welcome").isEmpty }
        let epoch = try #require(tab.messages("welcome")[0]["epoch"]?.string)
        let first = try #require(try await services.order(token))
        try await eventually("the COMPLETED update") { tab.completion(of: first) != nil }
        let position = try #require(tab.completion(of: first)?["id"]?.int)

        // From here on nothing is replicated: the primary's writes are lost with it.
        try await redis.cutReplication()
        let lost = try #require(try await services.order(token))
        try await eventually("the COMPLETED update") { tab.completion(of: lost) != nil }
        redis.signal(SIGKILL, redis.first)

        var third: String?
        try await eventually("orders are accepted again", within: .seconds(30)) {
            third = try await services.order(token)
            return third != nil
        }
        try await services.ready()
        let order = try #require(third)
        // The client keeps its connection and receives a gap notice. What happens before the notifiers detect
        // the failover falls into the gap; what happens after it is delivered.
        try await eventually("the gap notice", within: .seconds(20)) { tab.hasGapNotice }
        let later = try #require(try await services.order(token))
        try await eventually("the COMPLETED update", within: .seconds(20)) {
            tab.completion(of: later) != nil
        }
        #expect(try await services.isCompleted(order, token))
        #expect(tab.end == nil)

        // A client that was disconnected meanwhile had received only the first order.
        let back = try await services.tab(token, on: 1, query: "?epoch=\(epoch)&lastEventId=\(position)")
        try await eventually("the resumed frame") { !back.messages("resumed").isEmpty }
        #expect(back.hasGapNotice)
        let welcome = try #require(back.messages("welcome").first)
        let renewed = try #require(welcome["epoch"]?.string)
        #expect(renewed != epoch)

        // From the new position on updates are recovered.
        let query = "?epoch=\(renewed)&lastEventId=\(welcome["lastEventId"]?.int ?? 0)"
        let fourth = try #require(try await services.order(token))
        try await eventually("the COMPLETED update") { back.completion(of: fourth) != nil }
        let resumed = try await services.tab(token, query: query)
        try await eventually("the resumed frame") { !resumed.messages("resumed").isEmpty }
        #expect(resumed.messages("resumed")[0]["recovered"] == true)
        #expect(resumed.completion(of: fourth) != nil)
    }
}

extension Tab {
    fileprivate var hasGapNotice: Bool { messages("resumed").contains { $0["recovered"] == false } }
}
