internal import Bytes
internal import EventLoop
package import HTTP
internal import JSON
package import Observability

extension Tracer {
    /// Adds `/traces/{correlationId}`: this replica's latest spans of an order. Like `/metrics`, it is not exposed
    /// publicly; it names neither users nor their data.
    package func addRoutes(to router: HTTPRouter, service: String, replica: String) {
        router.get("/traces/{correlationId}") { [self] request in
            let id = UUID(request.parameter("correlationId"))
            let json = document(id.map { spans(of: $0) } ?? [], service: service, replica: replica)
            return HTTPResponse(.ok, json: json, headers: ["Cache-Control": "no-store"])
        }
    }

    private func document(_ spans: [TraceSpan], service: String, replica: String) -> [UInt8] {
        let clock = SpanClock()
        return JSONWriter.encode(reserving: 4096) { writer in
            writer.object { writer in
                writer.field("service", service)
                writer.field("replica", replica)
                if let since = rememberedSince {
                    writer.field("rememberedSince", clock.microseconds(at: since))
                }
                writer.key("spans")
                writer.array { writer in
                    for span in spans { span.write(to: &writer, clock) }
                }
            }
        }
    }
}

/// The time of day of instants, as the clocks stand when it is made.
struct SpanClock {
    /// From the monotonic clock's zero to that of the time of day.
    private let offset: Int64

    init() { offset = WallClock.nanoseconds() - Instant.systemNow().nanoseconds }

    /// Since 1970.
    func nanoseconds(at instant: Instant) -> Int64 { instant.nanoseconds + offset }

    func microseconds(at instant: Instant) -> Int { Int(nanoseconds(at: instant) / 1000) }
}

extension TraceSpan {
    /// Times are in microseconds, `start` since 1970.
    fileprivate func write(to writer: inout JSONWriter, _ clock: SpanClock) {
        writer.object { writer in
            writer.field("name", name)
            writer.field("traceId", trace.traceID.description)
            writer.field("spanId", trace.spanID.description)
            if let parent = trace.parentID { writer.field("parentId", parent.description) }
            writer.field("start", clock.microseconds(at: start))
            writer.field("duration", Int(start.duration(to: end).nanoseconds / 1000))
            writer.key("attributes")
            writer.object { writer in
                for attribute in attributes {
                    writer.key(named: attribute.key)
                    if case .number(let number) = attribute.value {
                        writer.int(number)
                    } else {
                        writer.string(attribute.value.description)
                    }
                }
            }
            if let error { writer.field("error", error) }
        }
    }
}
