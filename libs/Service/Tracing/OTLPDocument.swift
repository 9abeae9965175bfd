internal import JSON
package import Observability

/// Spans in the JSON of OTLP (opentelemetry-proto, `ExportTraceServiceRequest`): ids in hexadecimal, times as decimal
/// strings of nanoseconds.
package struct OTLPDocument {
    private let service: String
    private let replica: String

    package init(service: String, replica: String) {
        self.service = service
        self.replica = replica
    }

    package func encode(_ spans: some Collection<TraceSpan>) -> [UInt8] {
        let clock = SpanClock()
        return JSONWriter.encode(reserving: 512 * spans.count) { writer in
            list("resourceSpans", in: &writer) { writer in
                writer.key("resource")
                writer.object { writer in
                    attributes(
                        [
                            .init("service.namespace", .text("waybill")),
                            .init("service.name", .text(service)),
                            .init("service.instance.id", .text(replica)),
                            .init("service.version", .text(Version.current)),
                        ], in: &writer)
                }
                writer.key("scopeSpans")
                writer.array { writer in
                    writer.object { writer in
                        writer.key("scope")
                        writer.object { $0.field("name", "waybill") }
                        writer.key("spans")
                        writer.array { writer in
                            for span in spans { write(span, clock, to: &writer) }
                        }
                    }
                }
            }
        }
    }

    /// `{"name":[{…}]}`
    private func list(_ name: StaticString, in writer: inout JSONWriter, _ body: (inout JSONWriter) -> Void) {
        writer.object { writer in
            writer.key(name)
            writer.array { writer in writer.object { body(&$0) } }
        }
    }

    private func write(_ span: TraceSpan, _ clock: SpanClock, to writer: inout JSONWriter) {
        writer.object { writer in
            identify(span.trace, in: &writer)
            if let parent = span.trace.parentID { writer.field("parentSpanId", parent.description) }
            // Sampled.
            writer.field("flags", 1)
            writer.field("name", span.name)
            writer.field("kind", span.operation.kind.rawValue)
            writer.field("startTimeUnixNano", String(clock.nanoseconds(at: span.start)))
            writer.field("endTimeUnixNano", String(clock.nanoseconds(at: span.end)))
            var list = span.attributes
            if let id = span.correlationID {
                list.append(.init("messaging.message.conversation_id", .uuid(id)))
            }
            attributes(list, in: &writer)
            if !span.links.isEmpty {
                writer.key("links")
                writer.array { writer in
                    for link in span.links { writer.object { identify(link, in: &$0) } }
                }
            }
            if let error = span.error {
                writer.key("status")
                writer.object { writer in
                    writer.field("code", 2)
                    writer.field("message", error)
                }
            }
        }
    }

    private func identify(_ trace: TraceContext, in writer: inout JSONWriter) {
        writer.field("traceId", trace.traceID.description)
        writer.field("spanId", trace.spanID.description)
        if !trace.state.isEmpty { writer.field("traceState", trace.state) }
    }

    private func attributes(_ list: [TraceSpan.Attribute], in writer: inout JSONWriter) {
        writer.key("attributes")
        writer.array { writer in
            for attribute in list {
                writer.object { writer in
                    writer.field("key", attribute.key)
                    writer.key("value")
                    writer.object { writer in
                        let text = attribute.value.description
                        if case .number = attribute.value {
                            writer.field("intValue", text)
                        } else {
                            writer.field("stringValue", text)
                        }
                    }
                }
            }
        }
    }
}
