import TestSupport
import Testing

@testable import Redis

@Suite struct ReplyReaderTests {
    /// Parses `text`, fed `step` bytes at a time.
    private func read(
        _ text: String, step: Int = .max, limits: RedisReplyReader.Limits = .init()
    ) throws -> [RedisValue] {
        var reader = RedisReplyReader(limits: limits)
        var values: [RedisValue] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = step < bytes.count - start ? start + step : bytes.count
            reader.feed(bytes.span.extracting(start..<end))
            while let value = try reader.next() { values.append(value) }
            start = end
        }
        return values
    }

    @Test(arguments: [1, 2, 3, 7, Int.max])
    func parsesEveryTypeFromFragments(step: Int) throws {
        let text =
            "+OK\r\n-WRONGTYPE no\r\n:-42\r\n$5\r\nhe\r\nx\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n"
            + "*3\r\n:1\r\n*2\r\n$1\r\na\r\n*1\r\n+b\r\n$-1\r\n"
        let expected: [RedisValue] = [
            .status("OK"), .error(RedisError(.server(prefix: "WRONGTYPE"), "WRONGTYPE no")), .integer(-42),
            .bytes(Array("he\r\nx".utf8)), .null, .null, .array([]), .bytes([]),
            .array([.integer(1), .array([.bytes([97]), .array([.status("b")])]), .null]),
        ]
        #expect(try read(text, step: step) == expected)
    }

    @Test func preservesArbitraryBytes() throws {
        var reader = RedisReplyReader()
        let bytes: [UInt8] = Array("$4\r\n".utf8) + [0, 255, 13, 10] + Array("\r\n".utf8)
        reader.feed(bytes.span)
        let value = try reader.next()
        #expect(value == .bytes([0, 255, 13, 10]))
    }

    @Test(arguments: [
        "?\r\n", ":1x\r\n", "$-2\r\n", "*-2\r\n", "HTTP/1.1 400\r\n", "$99999999999999999999\r\n",
    ])
    func refusesMalformedReplies(text: String) {
        #expect(throws: RedisError.self) { try read(text) }
    }

    @Test func limitsNesting() {
        #expect(throws: RedisError.self) { try read(String(repeating: "*1\r\n", count: 12) + ":1\r\n") }
    }

    @Test func limitsReplySize() {
        let limits = RedisReplyReader.Limits(replyBytes: 64, elements: 8)
        let tooLong = "$1000\r\n" + String(repeating: "x", count: 200)
        #expect(throws: RedisError.self) { try read(tooLong, step: 50, limits: limits) }
        let parts = String(repeating: "$20\r\n" + String(repeating: "y", count: 20) + "\r\n", count: 4)
        #expect(throws: RedisError.self) { try read("*4\r\n" + parts, step: 13, limits: limits) }
        #expect(throws: RedisError.self) { try read("*1000000000\r\n", limits: limits) }
        let five = String(repeating: ":1\r\n", count: 5)
        #expect(throws: RedisError.self) {
            try read("*2\r\n*5\r\n\(five)*5\r\n\(five)", limits: limits)
        }
    }

    @Test func parsesLongStreamsOfSmallReplies() throws {
        let text = String(repeating: "+OK\r\n:7\r\n", count: 20_000)
        let values = try read(text, step: 16_384)
        #expect(values.count == 40_000)
        #expect(values.allSatisfy { $0 == .status("OK") || $0 == .integer(7) })
    }

    /// Mutated bytes produce an error or other values, never a trap or a hang.
    @Test func mutatedRepliesParseOrThrow() {
        var random = SeededGenerator(seed: 7)
        let seed = Array("*3\r\n$7\r\nmessage\r\n$3\r\nabc\r\n*2\r\n:12\r\n$-1\r\n-ERR x\r\n+OK\r\n".utf8)
        for _ in 0..<3000 {
            var bytes = seed + seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            var reader = RedisReplyReader(limits: .init(replyBytes: 4096, elements: 64))
            reader.feed(bytes.span)
            do { while try reader.next() != nil {} } catch { #expect(error.code == .protocolViolation) }
        }
    }
}
