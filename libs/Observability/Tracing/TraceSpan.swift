package import EventLoop

/// One operation of a trace, once it has ended (OpenTelemetry's span).
///
/// Names and attributes follow OpenTelemetry's semantic conventions for HTTP and messaging; those of this system begin
/// with `waybill.`.
package struct TraceSpan: Sendable {
    /// OpenTelemetry's numbers.
    package enum Kind: Int, Sendable {
        case `internal` = 1
        case server, client, producer, consumer
    }

    package enum Value: Sendable, Hashable {
        case text(String)
        case number(Int)
    }

    package struct Attribute: Sendable, Hashable {
        package let key: String
        package let value: Value

        package init(_ key: String, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    package var name: String
    package var kind: Kind
    /// The span's own ids, and its parent's.
    package var trace: TraceContext
    /// The workflow that it belongs to; empty for none.
    package var correlationID: String
    package var start: Instant
    package var end: Instant
    package var attributes: [Attribute]
    /// Why it failed; nil when it did not.
    package var error: String?
    /// Spans of other traces that it worked for, such as those of a batch.
    package var links: [TraceContext]

    /// - Parameter end: now, unless given.
    @Loop package init(
        _ name: String, _ kind: Kind, _ trace: TraceContext, of correlationID: String = "",
        from start: Instant, to end: Instant? = nil, _ attributes: [Attribute] = [], error: String? = nil,
        links: [TraceContext] = []
    ) {
        self.name = name
        self.kind = kind
        self.trace = trace
        self.correlationID = correlationID
        self.start = start
        self.end = end ?? .systemNow()
        self.attributes = attributes
        self.error = error
        self.links = links
    }
}
