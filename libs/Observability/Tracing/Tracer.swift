package import Bytes
package import EventLoop

/// Receives the sampled spans of a process, such as to export them.
@Loop
package protocol SpanSink: AnyObject {
    func receive(_ span: TraceSpan)
}

/// Records spans: the latest ones of orders stay in memory, whether sampled or not, to explain an order; sampled ones
/// go to the sink.
@Loop
package final class Tracer {
    /// Some 4 MB when it is full.
    package nonisolated static let capacity = 16_384

    package var sink: (any SpanSink)?
    /// The share of traces that may be sampled, of 2^64.
    private var threshold = UInt64.max
    private var spans: [TraceSpan] = []
    /// Where the next span is stored once the list is full: the oldest one's place.
    private var next = 0
    private let capacity: Int

    package init(capacity: Int = Tracer.capacity) {
        self.capacity = capacity
        spans.reserveCapacity(capacity)
    }

    /// - Parameter ratio: from 0 to 1.
    package func sample(_ ratio: Double) {
        threshold = ratio >= 1 ? .max : UInt64(max(0, ratio) * 0x1p64)
    }

    /// Whether a trace that began elsewhere is sampled: by its id, so that all of its spans are, or none.
    package func samples(_ trace: TraceID) -> Bool { trace.low <= threshold && threshold > 0 }

    /// Whether a span of this trace reaches the sink.
    package func exports(_ trace: TraceContext) -> Bool { sink != nil && trace.isSampled }

    package func record(_ span: consuming TraceSpan) {
        if let sink, span.trace.isSampled { sink.receive(span) }
        if span.correlationID == nil { return }
        if spans.count < capacity {
            spans.append(span)
        } else {
            spans[next] = span
            next = (next + 1) % capacity
        }
    }

    /// The start of the oldest span in memory; nil when none was dropped.
    package var rememberedSince: Instant? { spans.count < capacity ? nil : spans[next].start }

    /// The spans of a workflow that are still in memory, in the order of their ends.
    package func spans(of correlationID: UUID) -> [TraceSpan] {
        let isWanted = { (span: TraceSpan) in span.correlationID == correlationID }
        return spans[next...].filter(isWanted) + spans[..<next].filter(isWanted)
    }
}
