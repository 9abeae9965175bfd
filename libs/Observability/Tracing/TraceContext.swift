internal import EventLoop

/// A span's context in a distributed trace (W3C Trace Context, Recommendation of 2021-11-23): `traceparent` and the
/// opaque `tracestate`.
///
/// The context is passed explicitly as a parameter through HTTP, AMQP and the outbox; there is no task-local.
package struct TraceContext: Sendable, Hashable {
    package let traceID: TraceID
    /// This span, the parent of the receiver's spans.
    package let spanID: SpanID
    /// The span that led to this one; nil for a trace's first, and for one that was received.
    package let parentID: SpanID?
    package let isSampled: Bool
    /// `tracestate`, propagated unchanged; empty when absent or invalid.
    package let state: String

    package init(
        traceID: TraceID, spanID: SpanID, parentID: SpanID? = nil, isSampled: Bool, state: String = ""
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentID = parentID
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

    /// The same context, not sampled unless `isWanted`.
    package func sampled(_ isWanted: Bool) -> TraceContext {
        TraceContext(
            traceID: traceID, spanID: spanID, parentID: parentID, isSampled: isSampled && isWanted,
            state: state)
    }

    /// A new span of the same trace.
    package func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(
            traceID: traceID, spanID: SpanID(using: &generator), parentID: spanID, isSampled: isSampled,
            state: state)
    }

    @Loop package static func root(isSampled: Bool = true) -> TraceContext {
        root(isSampled: isSampled, using: &TraceRandom.generator)
    }

    @Loop package func child() -> TraceContext {
        child(using: &TraceRandom.generator)
    }
}

/// A trace id of 16 bytes; never all zero.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// Nil for the all-zero id, which is invalid.
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

/// A span id of 8 bytes; never zero.
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
