import Foundation
import JSON
import Observability
import Testing

@testable import Waybill

@Suite struct LogTests {
    private static func event(
        _ second: Int, _ level: String = "info", cid: String = "c1", trace: String = "t1"
    ) -> String {
        #"{"ts":"2026-11-20T15:44:0\#(second).000Z","level":"\#(level)","key":"order.accepted","service":"order-accept","#
            + #""replica":"order-accept@8081","cid":"\#(cid)","trace":"\#(trace)","orderId":7}"#
    }

    /// A stack's folder of logs, of programs and their lines.
    private func withLogs(_ logs: [String: [String]], _ body: (_ folder: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "log"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (program, lines) in logs {
            try lines.map { $0 + "\n" }.joined().write(
                to: folder.appending(path: "log/\(program).log"), atomically: true, encoding: .utf8)
        }
        try body(folder.path(percentEncoded: false))
    }

    private func append(_ text: String, to path: String) throws {
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    @Test func logsAreMergedByTime() throws {
        try withLogs([
            "accept-1": [Self.event(1), "Fatal error: a trace of it", Self.event(4)],
            "process-1": [Self.event(2)],
        ]) { folder in
            var readers = ["accept-1", "process-1"].map { LogReader($0, in: "\(folder)/log") }
            let merged = StackLogs.merged(readers.indices.map { readers[$0].read(LogFilter()) })
            // A line without a time stays behind the one before it.
            #expect(merged.map(\.program) == ["accept-1", "accept-1", "process-1", "accept-1"])
            #expect(merged[1].event == nil && merged[1].line.hasPrefix("Fatal"))
        }
    }

    @Test func readsWhatIsAppendedAndARotatedLogFromItsStart() throws {
        try withLogs(["accept-1": [Self.event(1)]]) { folder in
            let path = "\(folder)/log/accept-1.log"
            var reader = LogReader("accept-1", in: "\(folder)/log")
            #expect(reader.read(LogFilter()).count == 1)
            #expect(reader.read(LogFilter()).isEmpty)
            // A line is read once it is whole.
            let line = Self.event(2)
            try append(String(line.prefix(20)), to: path)
            #expect(reader.read(LogFilter()).isEmpty)
            try append("\(line.dropFirst(20))\n", to: path)
            #expect(reader.read(LogFilter()).map(\.line) == [line])
            try "x\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(reader.read(LogFilter()).map(\.line) == ["x"])
        }
    }

    private func matches(_ filter: LogFilter, _ line: String) -> Bool {
        filter.mayMatch(line[...]) && filter.matches(LogRecord(line, of: "accept-1", after: nil))
    }

    @Test func filtersEvents() {
        let line = Self.event(5, "warning")
        for filter in [
            LogFilter(), LogFilter(level: .warning), LogFilter(level: .info),
            LogFilter(words: "order.accepted"),
            LogFilter(since: "2026-11-20T15:44:05.000Z"), LogFilter(correlationID: "c1"),
            LogFilter(traceID: "t1"),
        ] { #expect(matches(filter, line)) }
        for filter in [
            LogFilter(level: .error), LogFilter(since: "2026-11-20T15:44:05.001Z"),
            LogFilter(words: "cancelled"),
            // It is the trace's.
            LogFilter(correlationID: "t1"), LogFilter(traceID: "c1"), LogFilter(correlationID: "c"),
        ] { #expect(!matches(filter, line)) }
        #expect(!matches(LogFilter(level: .trace), "a text has no level"))
    }

    @Test func understandsLogsForATerminal() {
        let line = "15:44:00.123 WARNING  redis.reconnected cid=c1 trace=t1"
        let record = LogRecord(line, of: "accept-1", after: nil)
        #expect(record.time == "15:44:00.123" && record.level == .warning && !record.isDated)
        #expect(matches(LogFilter(level: .warning, correlationID: "c1"), line))
        #expect(!matches(LogFilter(correlationID: "c2"), line))
    }

    @Test func aRecordIsPrintedWithoutControlCharacters() {
        let line =
            #"{"ts":"2026-11-20T15:44:00.123Z","level":"error","key":"a.b","replica":"x","error":"\u001b[2J\nz"}"#
        let text = LogRecord(line, of: "accept-1", after: nil).text(Terminal())
        #expect(text.hasPrefix("15:44:00.123 accept-1       ERROR    a.b error="))
        #expect(!text.contains("\u{1B}") && !text.contains("\n"))
        #expect(
            LogRecord("\u{1B}[2J", of: "edge", after: nil).text(Terminal()) == #"edge           \u{1b}[2J"#)
        #expect(LogRecord("x", of: "edge", after: nil).json.text == #"{"program":"edge","text":"x"}"#)
    }

    @Test func findsPrograms() throws {
        try withLogs(["accept-1": [], "accept-2": [], "notification-12": [], "console-1": [], "redis": []]) {
            folder in
            let logs = StackLogs(StackFile(path: "\(folder)/stack.json"))
            let all = try logs.programs([])
            #expect(all == ["accept-1", "accept-2", "notification-12", "console-1"])
            let named = try logs.programs(["order-accept", "redis", "accept-1"])
            #expect(named == ["accept-1", "accept-2", "redis"])
            let failure = #expect(throws: CommandError.self) { try logs.programs(["process"]) }
            #expect(failure?.remedy?.contains("accept-1") == true)
        }
        try withLogs([:]) { folder in
            let failure = #expect(throws: CommandError.self) {
                try StackLogs(StackFile(path: "\(folder)/stack.json")).programs([])
            }
            #expect(failure?.code == .unavailable)
        }
    }

    @Test func parsesAgesAndTraces() throws {
        #expect(try LogsCommand.milliseconds("90s") == 90_000)
        #expect(try LogsCommand.milliseconds("2d") == 172_800_000)
        for text in ["", "10", "m", "-1m", "0s", "1.5h", "100001s"] {
            #expect(throws: CommandError.self) { try LogsCommand.milliseconds(text) }
        }
        #expect(LogsCommand.traceID("00-abc-def-01") == "abc")
        #expect(LogsCommand.traceID("abc") == "abc")
    }
}
