package import Bytes
package import EventLoop

/// One operation of a trace, once it has ended (OpenTelemetry's span).
package struct TraceSpan: Sendable {
    /// Values of one span, besides what its operation always says.
    package static let valueLimit = 4

    package enum Value: Sendable, Hashable {
        /// The attribute is left out.
        case none
        case number(Int)
        /// Sixteen digits.
        case hexadecimal(UInt64)
        case uuid(UUID)
        case trace(TraceID)
        /// Preferably a literal: others live as long as the span.
        case text(String)
    }

    package struct Attribute: Sendable, Hashable {
        package let key: String
        package let value: Value

        package init(_ key: String, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    package let operation: TracedOperation
    /// The span's own ids, and its parent's.
    package let trace: TraceContext
    /// The order's workflow that it belongs to.
    package let correlationID: UUID?
    package let start: Instant
    package let end: Instant
    /// In the order of the operation's keys.
    private let values: InlineArray<4, Value>
    /// Why it failed; nil when it did not.
    package let error: String?
    /// Spans of other traces that it worked for, such as those of a batch.
    package let links: [TraceContext]

    /// - Parameter end: now, unless given.
    @Loop package init(
        _ operation: TracedOperation, _ trace: TraceContext, of correlationID: UUID? = nil,
        from start: Instant, to end: Instant? = nil, _ first: Value = .none, _ second: Value = .none,
        _ third: Value = .none, _ fourth: Value = .none, error: String? = nil, links: [TraceContext] = []
    ) {
        self.operation = operation
        self.trace = trace
        self.correlationID = correlationID
        self.start = start
        self.end = end ?? .systemNow()
        values = [first, second, third, fourth]
        self.error = error
        self.links = links
    }

    package var name: String { operation.name }

    package var attributes: [Attribute] {
        operation.attributes
            + operation.keys.indices.compactMap { index in
                values[index] == .none ? nil : Attribute(operation.keys[index], values[index])
            }
    }
}

extension TraceSpan.Value {
    /// An id of a message or a request: most are UUIDs or ids of traces, which need no memory of their own.
    package init(id: String) {
        let bytes = id.utf8Span.span
        switch bytes.count {
        case UUID.textLength: self = UUID(ascii: bytes, isStrict: true).map { .uuid($0) } ?? .text(id)
        case TraceID.textLength: self = TraceID(ascii: bytes).map { .trace($0) } ?? .text(id)
        default: self = .text(id)
        }
    }
}

extension TraceSpan.Value: CustomStringConvertible {
    package var description: String {
        switch self {
        case .none: ""
        case .number(let number): String(number)
        case .hexadecimal(let number): String(decoding: [UInt8](hex: number), as: UTF8.self)
        case .uuid(let uuid): uuid.description
        case .trace(let id): id.description
        case .text(let text): text
        }
    }
}
