import EventLoop
import TestSupport
import Testing

@testable import Redis

@Suite struct ClusterTopologyTests {
    private let asked = Endpoint(host: "asked", port: 7000)

    private func range(
        _ first: Int, _ last: Int, _ host: RedisValue = .bytes(Array("10.0.0.1".utf8)), _ port: Int = 7000
    ) -> RedisValue {
        .array([
            .integer(first), .integer(last), .array([host, .integer(port), .bytes([1]), .array([])]),
            .array([.bytes(Array("10.0.0.9".utf8)), .integer(7009), .bytes([2])]),
        ])
    }

    private func topology(_ ranges: RedisValue...) throws -> ClusterTopology {
        try ClusterTopology(.array(ranges), from: asked)
    }

    @Test func slotsHaveTheirPrimaries() throws {
        let topology = try topology(
            range(0, 99), range(100, 16_383, .bytes(Array("::1".utf8)), 7001), )
        #expect(topology.primary(of: 99) == Endpoint(host: "10.0.0.1", port: 7000))
        #expect(topology.primary(of: 100) == Endpoint(host: "::1", port: 7001))
        #expect(topology.primary(of: 16_383) == Endpoint(host: "::1", port: 7001))
        #expect(topology.primaries.count == 2 && topology.isComplete)
    }

    @Test func slotsMayBeUncovered() throws {
        let topology = try topology(range(5, 5), range(7, 9, .bytes([UInt8(ascii: "?")]), 7001))
        #expect(topology.primary(of: 4) == nil && topology.primary(of: 5) != nil)
        #expect(topology.primary(of: 8) == nil && !topology.isComplete)
        #expect(try self.topology().primaries.isEmpty)
    }

    @Test(arguments: [RedisValue.null, .bytes([])])
    func aNodeWithoutAHostIsTheOneAsked(host: RedisValue) throws {
        #expect(try topology(range(0, 0, host, 7005)).primary(of: 0) == Endpoint(host: "asked", port: 7005))
    }

    @Test func redirectionsChangeOneSlot() throws {
        var topology = try topology(range(0, 16_382))
        let other = Endpoint(host: "10.0.0.2", port: 7000)
        let first = topology.assign(16_383, to: other)
        #expect(first && topology.isComplete && topology.primary(of: 16_383) == other)
        let again = topology.assign(16_383, to: other)
        #expect(!again)
        for number in 0..<2000 { _ = topology.assign(0, to: Endpoint(host: "\(number)", port: 1)) }
        #expect(topology.primaries.count == ClusterTopology.nodeLimit)
    }

    @Test(arguments: [
        RedisValue.null, .integer(1), .error(RedisError(serverText: "ERR cluster support disabled")),
        .array([.integer(1)]), .array([.array([])]),
        .array([.array([.integer(0), .integer(1)])]),
        .array([.array([.integer(0), .integer(1), .array([])])]),
        .array([.array([.integer(0), .integer(1), .array([.integer(3), .integer(7000)])])]),
        .array([.array([.integer(0), .integer(1), .array([.bytes([10, 32]), .integer(7000)])])]),
        .array([.array([.bytes([48]), .integer(1), .array([.bytes([97]), .integer(7000)])])]),
    ])
    func malformedRepliesAreRefused(reply: RedisValue) {
        #expect(throws: RedisError.self) { try ClusterTopology(reply, from: asked) }
    }

    @Test(arguments: [(-1, 5), (5, 4), (0, 16_384), (Int.min, Int.max), (50, 60)])
    func impossibleRangesAreRefused(first: Int, last: Int) {
        #expect(throws: RedisError.self) { try topology(range(60, 70), range(first, last)) }
    }

    @Test func hostileRepliesDoNotTrap() {
        var random = SeededGenerator(seed: 11)
        func value(_ depth: Int) -> RedisValue {
            switch Int.random(in: 0..<(depth > 3 ? 5 : 9), using: &random) {
            case 0: .null
            case 1: .integer(Int.random(in: -2...70_000, using: &random))
            case 2: .bytes((0..<3).map { _ in UInt8.random(in: 0...255, using: &random) })
            case 3: .status("x")
            case 4: .integer(Int.random(in: Int.min...Int.max, using: &random))
            default: .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth + 1) })
            }
        }
        for _ in 0..<5000 { _ = try? ClusterTopology(value(0), from: asked) }
    }
}

@Suite struct RedirectionTests {
    private func redirection(_ text: String) -> RedisRedirection? { RedisError(serverText: text).redirection }

    @Test func redirectionsNameANode() {
        #expect(
            redirection("MOVED 3999 127.0.0.1:6381")
                == RedisRedirection(slot: 3999, isOnce: false, host: "127.0.0.1", port: 6381))
        #expect(
            redirection("ASK 0 ::1:6381") == RedisRedirection(slot: 0, isOnce: true, host: "::1", port: 6381))
        let same = redirection("MOVED 5 :6381")?.endpoint(from: Endpoint(host: "asked", port: 1))
        #expect(same == Endpoint(host: "asked", port: 6381))
    }

    @Test(arguments: [
        "MOVED", "MOVED 5", "MOVED x a:1", "MOVED 16384 a:1", "MOVED -1 a:1", "MOVED 5 a", "MOVED 5 a:0",
        "MOVED 5 a:65536", "MOVED 5 ?:1", "ERR MOVED 5 a:1", "MOVED 5 a:",
    ])
    func otherTextsAreNone(text: String) {
        #expect(redirection(text) == nil)
        #expect(!RedisError(serverText: text).description.contains("a:1"))
    }
}
