import EventLoop
import HTTP
import JSON

/// The spans of an order that the services' replicas have in memory.
@Loop
struct TraceCollector {
    private static let timeout = Duration.milliseconds(800)

    /// What one replica answered.
    struct Page: Sendable {
        var replica: String
        /// Nil when it did not answer.
        var spans: [JSONValue]?
        /// Earlier spans are forgotten; in microseconds since 1970.
        var rememberedSince: Int?
    }

    private let targets: [(name: String, url: String)]
    private let client: HTTPClient

    init(_ targets: [(name: String, url: String)]) {
        self.targets = targets
        var configuration = HTTPClient.Configuration()
        configuration.connectTimeout = .milliseconds(500)
        configuration.maxConnectionsPerOrigin = 1
        client = HTTPClient(configuration)
    }

    func collect(_ correlationID: String) async -> [Page] {
        let pages = targets.map { target in
            Loop.task { await page(target.name, "\(target.url)/traces/\(correlationID)") }
        }
        var found: [Page] = []
        for page in pages { found.append(await page.value) }
        return found
    }

    private func page(_ name: String, _ url: String) async -> Page {
        guard let answer = try? await client.get(url, within: Self.timeout), answer.status == .ok,
            let document = try? JSONValue(parsing: answer.body.span)
        else { return Page(replica: name) }
        return Page(
            replica: document["replica"]?.string ?? name, spans: document["spans"]?.array ?? [],
            rememberedSince: document["rememberedSince"]?.int)
    }
}
