import Testing

@testable import Redis

@Suite struct BatchTests {
    private func text(_ build: (inout RedisBatch) -> Void) -> String {
        var batch = RedisBatch()
        build(&batch)
        #expect(batch.isComplete)
        return String(decoding: batch.bytes, as: UTF8.self)
    }

    @Test func commandsAreArraysOfBulkStrings() {
        #expect(
            text { $0.add("SET", "ключ", [UInt8](arrayLiteral: 13, 10), "EX", 2700) }
                == "*5\r\n$3\r\nSET\r\n$8\r\nключ\r\n$2\r\n\r\n\r\n$2\r\nEX\r\n$4\r\n2700\r\n")
        #expect(text { $0.add("PING") } == "*1\r\n$4\r\nPING\r\n")
        #expect(text { $0.add("GET", RedisKey("a:", "b")) } == "*2\r\n$3\r\nGET\r\n$3\r\na:b\r\n")
        #expect(text { $0.add("DEL", list: ["a", "b"]) } == "*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n")
    }

    @Test(arguments: [0, 7, 10, 99, 100, -1, -10, 1_234_567_890_123, Int.max, Int.min])
    func numbers(value: Int) {
        let digits = String(value)
        #expect(text { $0.add("X", value) } == "*2\r\n$1\r\nX\r\n$\(digits.count)\r\n\(digits)\r\n")
    }

    @Test func countsRepliesAndIsReusable() {
        var batch = RedisBatch()
        batch.add("PING")
        batch.add("ECHO", "x")
        #expect(batch.count == 2)
        batch.removeAll()
        #expect(batch.isEmpty && batch.bytes.isEmpty)
    }
}

@Suite struct StreamEntryTests {
    @Test func ids() {
        #expect(RedisStreamID("1526919030474-55") == RedisStreamID(1_526_919_030_474, 55))
        #expect(RedisStreamID("5") == nil && RedisStreamID("x-1") == nil && RedisStreamID("-") == nil)
        #expect(RedisStreamID(1, 9) < RedisStreamID(2, 0) && RedisStreamID(2, 0) < RedisStreamID(2, 1))
        #expect(RedisStreamID(3, 4).description == "3-4")
    }

    @Test func entries() throws {
        let reply = RedisValue.array([
            .array([.bytes(Array("1-0".utf8)), .array([.bytes([97]), .bytes([98])])]),
            .array([.bytes(Array("2-0".utf8)), .array([])]),
        ])
        let entries = try RedisStreamEntry.list(reply)
        #expect(entries.map(\.id) == [RedisStreamID(1), RedisStreamID(2)])
        #expect(entries[0]["a"] == [98] && entries[0]["b"] == nil)
        #expect(throws: RedisError.self) { try RedisStreamEntry.list(.array([.integer(1)])) }
        #expect(throws: RedisError.self) {
            try RedisStreamEntry.list(.error(RedisError(.server(prefix: "ERR"))))
        }
    }
}
