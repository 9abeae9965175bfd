internal import EventLoop
internal import JSON
internal import Observability

struct LogsCommand: Command {
    static let help = CommandHelp(
        name: "logs", arguments: "[REPLICA | SERVICE | SERVER]…", argumentValues: .replicas,
        summary:
            "Show the logs of a stack on this machine, merged by time; of the services, unless others are named",
        options: [
            .init(
                name: "level", value: "LEVEL", text: "only events of this level or above",
                values: .words(LogLevel.allCases.map(\.rawValue))),
            .init(name: "since", value: "TIME", text: "only of the last 90s, 10m, 3h or 2d"),
            .init(name: "grep", value: "WORDS", text: "only lines that contain them"),
            .init(name: "correlation", value: "ID", text: "only events of one order"),
            .init(name: "trace", value: "ID", text: "only events of one trace"),
            .init(name: "limit", value: "N", text: "the last N (1 to 100000, default 200)"),
            .init(name: "follow", text: "go on with what is appended, until Ctrl-C"),
        ],
        examples: [
            "waybill logs", "waybill logs order-accept process-1 --since 10m --level warning",
            "waybill logs --correlation 0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e", "waybill logs --follow",
            "waybill logs --limit 20 --json",
        ])

    private static let pause = Duration.milliseconds(200)

    private let words: [String]
    private let filter: LogFilter
    private let limit: Int
    private let follows: Bool

    init(_ arguments: Arguments) throws {
        words = arguments.positional
        limit = try arguments.integer("limit", in: 1...100_000, default: 200)
        follows = arguments.has("follow")
        filter = LogFilter(
            level: arguments["level"].flatMap(LogLevel.init),
            since: try arguments["since"].map { text in
                let age = try Self.milliseconds(text)
                return RFC3339(milliseconds: WallClock.milliseconds() - age).description
            },
            words: arguments["grep"], correlationID: arguments["correlation"],
            traceID: arguments["trace"].map(Self.traceID))
    }

    /// A duration such as `10m`.
    nonisolated static func milliseconds(_ text: String) throws(CommandError) -> Int64 {
        let units: [Character: Int64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()),
            (1...100_000).contains(number)
        else {
            throw CommandError(
                .usage, "--since is not \(text.printable)",
                remedy: "a number with s, m, h or d, such as 10m")
        }
        return number * unit
    }

    /// The trace's id alone, also of a whole traceparent (W3C Trace Context, 3.2).
    nonisolated static func traceID(_ text: String) -> String {
        let parts = text.split(separator: "-")
        return parts.count == 4 ? String(parts[1]) : text
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let file = try context.stack
        // Of a deployment elsewhere: says so.
        if file.url != nil { _ = try file.document() }
        let logs = StackLogs(file)
        let console = context.console
        var readers = try logs.programs(words).map { LogReader($0, in: logs.folder) }
        for record in read(&readers).suffix(limit) { show(record, console) }
        while follows {
            try await Loop.sleep(for: Self.pause)
            // A replica may have been started since.
            for program in try logs.programs(words)
            where !readers.contains(where: { $0.program == program }) {
                readers.append(LogReader(program, in: logs.folder))
            }
            for record in read(&readers) { show(record, console) }
        }
        return .success
    }

    private func read(_ readers: inout [LogReader]) -> [LogRecord] {
        StackLogs.merged(readers.indices.map { readers[$0].read(filter) })
    }

    private func show(_ record: LogRecord, _ console: Terminal) {
        console.print(console.wantsJSON ? record.json.text : record.text(console))
    }
}
