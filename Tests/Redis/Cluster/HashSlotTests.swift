import Testing

@testable import Redis

@Suite struct HashSlotTests {
    @Test func checksumIsThatOfTheSpecification() {
        #expect(HashSlot.crc16(Array("123456789".utf8)[...]) == 0x31C3)
        #expect(HashSlot.crc16([]) == 0)
    }

    /// Slots as CLUSTER KEYSLOT of Redis 7.0 has them; the tags are the specification's examples.
    @Test(arguments: [
        ("", 0), ("a", 15_495), ("foo", 12_182), ("123456789", 12_739), ("{user1000}.following", 3443),
        ("{user1000}.followers", 3443), ("foo{}{bar}", 8363), ("foo{{bar}}zap", 4015),
        ("foo{bar}{zap}", 5061),
        ("foo{bar}zap", 5061), ("bar", 5061), ("foo{bar", 15_278), ("foo}{bar}", 5061),
    ])
    func keysHaveTheSlotsOfTheServer(key: String, slot: Int) {
        #expect(HashSlot.of(Array(key.utf8)) == slot)
    }

    @Test func slotsOfABatchAreThoseOfItsKeys() {
        var batch = RedisBatch()
        batch.add("SET", RedisKey("{user1000}", ".following"), "{x}", "EX", 5)
        batch.add("PING")
        batch.add("get", "foo")
        batch.add("EVALSHA", "digest", 2, "foo{bar}zap", "bar", "{argument}")
        batch.add("EVALSHA", "digest", 0, "foo")
        batch.add("SCRIPT", "LOAD", "return 1")
        batch.add("MGET", list: ["bar", "{bar}2"])
        batch.add("SPUBLISH", "a", [UInt8](arrayLiteral: 13, 10, 42, 36))
        batch.add("INFO", "server")
        let commands = Array(batch.commands)
        #expect(commands.map(\.slot) == [3443, nil, 12_182, 5061, nil, nil, 5061, 15_495, nil])
        #expect(commands.count == batch.count)
        var copy = RedisBatch()
        for command in commands { copy.append(command: batch.bytes[command.range]) }
        #expect(copy.bytes == batch.bytes && copy.count == batch.count)
    }

    @Test func anEmptyBatchHasNoCommands() {
        #expect(Array(RedisBatch().commands).isEmpty)
    }
}
