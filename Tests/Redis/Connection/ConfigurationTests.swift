import EventLoop
import Testing

@testable import Redis

@Suite struct ConfigurationTests {
    @Test @Loop func url() throws {
        let full = try RedisConfiguration(url: "redis://app:p%40ss%3A%2F@redis.internal:6380/3")
        #expect(full.endpoint == Endpoint(host: "redis.internal", port: 6380))
        #expect(full.user == "app" && full.password == "p@ss:/" && full.database == 3 && full.tls == nil)
        let bare = try RedisConfiguration(url: "redis://localhost")
        #expect(bare.endpoint == Endpoint(host: "localhost", port: 6379))
        #expect(bare.user == nil && bare.password == nil)
        #expect(try RedisConfiguration(url: "redis://:secret@h:1").password == "secret")
        #expect(
            try RedisConfiguration(url: "redis://[::1]:7000").endpoint == Endpoint(host: "::1", port: 7000))
        #expect(try RedisConfiguration(url: "rediss://h:1").tls != nil)
    }

    @Test(arguments: ["http://h", "redis://", "redis://h:port", "redis://h:1/db", "redis://u:p@"])
    @Loop func badURL(url: String) {
        #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
    }

    @Test @Loop func descriptionHoldsNoCredentials() throws {
        #expect("\(try RedisConfiguration(url: "redis://app:hunter2@h:1"))" == "redis://h:1/0")
    }
}
