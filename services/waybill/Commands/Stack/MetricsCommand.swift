internal import EventLoop
internal import HTTP
internal import JSON

struct MetricsCommand: Command {
    static let help = CommandHelp(
        name: "metrics", arguments: "[REPLICA | SERVICE]…", argumentValues: .replicas,
        summary:
            "Show the metrics of the services of a stack on this machine; with --output wide, buckets too",
        options: [
            .init(
                name: "match", value: "REGEX",
                text: "only series that it matches somewhere, such as orders_accepted or 'kind=\"kill\"'")
        ],
        exitsWithOne: "a replica does not answer",
        examples: [
            "waybill metrics", "waybill metrics order-accept --match ^waybill_orders",
            "waybill metrics notification-1 --json",
        ])

    private static let timeout = Duration.seconds(3)
    /// In bytes.
    private static let bodyLimit = 8 << 20

    private let words: [String]
    private let pattern: String?

    init(_ arguments: Arguments) throws {
        words = arguments.positional
        pattern = arguments["match"]
        if let pattern, (try? Regex(pattern)) == nil {
            throw CommandError(
                .usage, "--match \(pattern.printable) is no regular expression",
                remedy: "escape ( ) [ ] { } . * + ? | ^ $ with a backslash")
        }
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let file = try context.stack
        // Of a deployment elsewhere: says so.
        if file.url != nil { _ = try file.document() }
        let replicas = try file.read().replicas(named: words)
        let client = try metricsClient()
        let asked = replicas.map { replica in Loop.task { await Self.exposition(of: replica, client) } }
        let console = context.console
        let regex = try pattern.map { try Regex($0) }
        var table = Table(["replica", "series", "value"])
        var list: [JSONValue] = []
        var silent: [Replica] = []
        for (replica, task) in zip(replicas, asked) {
            guard let text = await task.value else {
                silent.append(replica)
                continue
            }
            for series in MetricSeries.parse(text) {
                if let regex, (try? regex.firstMatch(in: series.text)) == nil { continue }
                list.append(json(series, replica))
                if console.isWide || !series.isBucket {
                    table.add([replica.name, series.text.printable, series.value.printable])
                }
            }
        }
        if list.isEmpty, !console.wantsJSON {
            console.note("No series matches.")
        } else {
            console.print(console.wantsJSON ? JSONValue.array(list).text : table.text(console))
        }
        guard !silent.isEmpty else { return .success }
        throw CommandError(
            .failure, "no answer: \(silent.map(\.name).joined(separator: ", "))", remedy: "waybill doctor")
    }

    @Loop private func metricsClient() throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.bodyLimit = Self.bodyLimit
        return try TrustedAuthorities.client(configuration)
    }

    @Loop private static func exposition(of replica: Replica, _ client: HTTPClient) async -> String? {
        let response = try? await client.get("\(replica.instance.url)/metrics", within: timeout)
        return response?.status == .ok ? response?.text : nil
    }

    private func json(_ series: MetricSeries, _ replica: Replica) -> JSONValue {
        .object([
            .init("replica", .string(replica.name)), .init("service", .string(replica.service)),
            .init("name", .string(series.name)),
            .init(
                "labels", .object(series.labels.map { JSONValue.Member($0.name, .string($0.value)) })),
            // NaN and infinities are no numbers of JSON.
            .init(
                "value",
                Double(series.value)?.isFinite == true ? .number(series.value) : .string(series.value)),
        ])
    }
}
