import Bytes
import EventLoop
import HTTP
import JSON

/// Reads a few samples from the services' `/metrics`.
@Loop
struct MetricsScraper {
    private static let wanted: Set<ByteString> = [
        "waybill_orders_accepted_total", "waybill_orders_processed_total",
        "waybill_notification_pushes_total", "waybill_notification_sessions",
        "waybill_notification_users", "waybill_notification_resumes_total",
        "waybill_notification_delivery_seconds_sum",
        "waybill_notification_delivery_seconds_count", "waybill_read_model_lag_events",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes", "process_start_time_seconds",
    ]

    private let targets: [(name: String, url: String)]
    private let client: HTTPClient

    init(_ targets: [String]) {
        self.targets = targets.map { target in
            let parts = target.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts.count == 2 ? parts[1] : parts[0])
        }
        var configuration = HTTPClient.Configuration()
        configuration.connectTimeout = .milliseconds(500)
        configuration.maxConnectionsPerOrigin = 1
        client = HTTPClient(configuration)
    }

    /// One object for each target, in order; without samples when it did not answer.
    func read() async -> JSONValue {
        let pages = targets.map { target in Loop.task { await page(target.name, target.url) } }
        var list: [JSONValue] = []
        for page in pages { list.append(await page.value) }
        return .array(list)
    }

    private func page(_ name: String, _ url: String) async -> JSONValue {
        let head: [JSONValue.Member] = [.init("name", .string(name)), .init("url", .string(url))]
        guard let answer = try? await client.get("\(url)/metrics", within: .milliseconds(800)),
            answer.status == .ok
        else { return .object(head + [.init("isUp", false)]) }
        return .object(
            head + [.init("isUp", true), .init("samples", .object(Self.samples(of: answer.text)))])
    }

    /// `name{labels} value` of the lines with the wanted names.
    static func samples(of text: String) -> [JSONValue.Member] {
        text.split(separator: "\n").compactMap { line in
            guard let end = line.firstIndex(where: { $0 == "{" || $0 == " " }),
                wanted.contains(ByteString(String(line[..<end]))), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...]), value.isFinite
            else { return nil }
            return .init(String(line[..<space]), .number(String(value)))
        }
    }
}
