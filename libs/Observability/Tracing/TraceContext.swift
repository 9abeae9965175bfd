internal import EventLoop

/// The place of one piece of work in a distributed trace, as W3C Trace Context (Recommendation of
/// 2021-11-23) puts it on the wire: `traceparent` and the opaque `tracestate`.
///
/// A value is carried explicitly, as a parameter, through HTTP, AMQP and the outbox; nothing looks it up
/// in a task-local.
package struct TraceContext: Sendable, Hashable {
    package let traceID: TraceID
    /// The span that this value stands for: the parent of whatever receives it.
    package let spanID: SpanID
    package let isSampled: Bool
    /// `tracestate`, passed through untouched; empty when there is none or what came was not acceptable.
    package let state: String

    package init(traceID: TraceID, spanID: SpanID, isSampled: Bool, state: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// A new trace.
    package static func root(
        isSampled: Bool = true, using generator: inout some RandomNumberGenerator
    ) -> TraceContext {
        TraceContext(
            traceID: TraceID(using: &generator), spanID: SpanID(using: &generator), isSampled: isSampled)
    }

    /// The same trace with a new span below this one.
    package func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(traceID: traceID, spanID: SpanID(using: &generator), isSampled: isSampled, state: state)
    }

    @Loop package static func root(isSampled: Bool = true) -> TraceContext {
        root(isSampled: isSampled, using: &TraceRandom.generator)
    }

    @Loop package func child() -> TraceContext {
        child(using: &TraceRandom.generator)
    }
}

/// 16 bytes that name a trace; never all zero.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// Nil for the all-zero id, which the specification calls invalid.
    package init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    package init(using generator: inout some RandomNumberGenerator) {
        high = generator.next()
        low = max(generator.next(), 1)
    }

    package var description: String {
        String(decoding: [UInt8](hex: high) + [UInt8](hex: low), as: UTF8.self)
    }
}

/// 8 bytes that name a span; never zero.
package struct SpanID: Sendable, Hashable, CustomStringConvertible {
    package let value: UInt64

    package init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    package init(using generator: inout some RandomNumberGenerator) {
        value = max(generator.next(), 1)
    }

    package var description: String {
        String(decoding: [UInt8](hex: value), as: UTF8.self)
    }
}
