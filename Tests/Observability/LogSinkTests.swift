import EventLoop
import JSON
import Testing

@testable import Observability

@Loop @Suite struct LogSinkTests {
    let output = RecordingOutput()

    private func logger(limit: Int = 1 << 16) -> Logger {
        Logger(
            sink: LogSink(
                origin: LogOrigin(service: "s", replica: "r"), format: .json, output: output, limit: limit),
            level: .info)
    }

    @Test func writesTheLinesOfALoopTurnTogether() async throws {
        let log = logger()
        for index in 0..<10 { log.info("a.b", ["i": index]) }
        #expect(output.lines.isEmpty)
        try await Loop.sleep(for: .milliseconds(1))
        #expect(output.lines.count == 10)
        #expect(output.writes == 1)
    }

    @Test func writesErrorsAtOnce() {
        let log = logger()
        log.error("a.b")
        #expect(output.lines.count == 1)
    }

    @Test func dropsAndReportsLinesWhenTheOutputBlocks() async throws {
        output.isBlocked = true
        let log = logger(limit: 1000)
        for index in 0..<100 { log.info("a.b", ["i": index]) }
        log.sink.flush()
        #expect(output.lines.isEmpty)
        let dropped = log.sink.dropped
        #expect(dropped > 80)

        output.isBlocked = false
        log.sink.flush()
        let lines = try output.lines.map { try JSONValue(parsing: $0) }
        #expect(lines.first?["i"]?.int == 0)
        #expect(lines.last?["key"] == "log.dropped")
        #expect(lines.last?["lines"]?.int == Int(dropped))
        #expect(lines.count == 100 - Int(dropped) + 1)
    }

    @Test func chunksEndAtLineBoundariesWhenPossible() {
        output.chunk = 200
        let log = logger()
        for index in 0..<10 { log.info("a.b", ["i": index]) }
        log.info("a.long", ["x": String(repeating: "x", count: 500)])
        log.sink.flush()
        #expect(output.lines.count == 11)
        #expect(output.chunks.dropLast(3).allSatisfy { $0.last == UInt8(ascii: "\n") && $0.count <= 200 })
    }

    @Test func discardsLinesWhenTheOutputIsBroken() {
        output.isBroken = true
        let log = logger()
        log.info("a.b")
        log.sink.flush()
        log.sink.drain(within: .seconds(10))
        #expect(output.lines.isEmpty)
    }

    @Test func drainingEndsAtItsDeadline() {
        output.isBlocked = true
        let log = logger()
        log.info("a.b")
        log.sink.drain(within: .milliseconds(20))
        #expect(output.waits > 0)
    }
}

/// Records what is written, and can simulate a blocked or broken output.
@Loop final class RecordingOutput: LogOutput {
    var chunk = 4096
    var isBlocked = false
    var isBroken = false
    private(set) var chunks: [[UInt8]] = []
    private(set) var writes = 0
    private(set) var waits = 0

    var lines: [String] {
        String(decoding: chunks.joined(), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func write(_ bytes: ArraySlice<UInt8>) -> Int {
        if isBroken { return -1 }
        guard !isBlocked else { return 0 }
        writes += 1
        chunks.append(Array(bytes))
        return bytes.count
    }

    func wait(milliseconds: Int32) -> Bool {
        waits += 1
        return !isBlocked
    }
}
