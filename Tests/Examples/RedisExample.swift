import EventLoop
import Redis

@Loop func redisExample() async throws {
    let client = RedisClient(try RedisConfiguration(url: "redis://127.0.0.1:6379/0"))
    let running = Loop.task { await client.run() }
    try await client.ready(within: .seconds(2))

    let replies = try await client.pipeline { batch in
        batch.add("SET", RedisKey("greeting:", "1"), "hello", "EX", 60)
        batch.add("GET", RedisKey("greeting:", "1"))
    }
    print(try replies[1].get().string ?? "")

    client.close()
    await running.value
}
