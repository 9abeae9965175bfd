import EventLoop
import HTTP
import JSON

/// The spans of an order that the services' replicas have in memory.
@Loop
struct TraceCollector {
    /// What one replica answered.
    struct Page: Sendable {
        var replica: String
        /// Nil when it did not answer.
        var spans: [JSONValue]?
        /// Earlier spans are forgotten; in microseconds since 1970.
        var rememberedSince: Int?
    }

    let replicas: ServiceReplicas

    func collect(_ correlationID: String) async -> [Page] {
        await replicas.each { await page($0, "\($1)/traces/\(correlationID)") }
    }

    private func page(_ name: String, _ url: String) async -> Page {
        guard let answer = try? await replicas.get(url), answer.status == .ok,
            let document = try? JSONValue(parsing: answer.body.span)
        else { return Page(replica: name) }
        return Page(
            replica: document["replica"]?.string ?? name, spans: document["spans"]?.array ?? [],
            rememberedSince: document["rememberedSince"]?.int)
    }
}
