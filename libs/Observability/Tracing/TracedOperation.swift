/// What all spans of one operation say: it is made once, so that a span is a few numbers and allocates nothing.
///
/// Names and attributes follow OpenTelemetry's semantic conventions for HTTP and messaging; those of this system begin
/// with `waybill.`.
package final class TracedOperation: Sendable {
    /// OpenTelemetry's numbers.
    package enum Kind: Int, Sendable {
        case `internal` = 1
        case server, client, producer, consumer
    }

    package let name: String
    package let kind: Kind
    /// The same in each span.
    let attributes: [TraceSpan.Attribute]
    /// Of each span's values.
    let keys: [String]

    /// - Parameter keys: at most ``TraceSpan/valueLimit``.
    package init(_ name: String, _ kind: Kind, _ attributes: [TraceSpan.Attribute] = [], keys: [String]) {
        precondition(keys.count <= TraceSpan.valueLimit, "a span has no room for so many values")
        self.name = name
        self.kind = kind
        self.attributes = attributes
        self.keys = keys
    }
}
