internal import JSON

/// The typed fields of one log line, in order: `["orderId": order.id, "queue": name]`.
package struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
    private(set) var entries: [(name: String, value: LogValue)]

    package init(dictionaryLiteral elements: (String, any LogConvertible)...) {
        entries = elements.map { ($0.0, $0.1.logValue) }
    }

    package mutating func append(_ name: String, _ value: any LogConvertible) {
        entries.append((name, value.logValue))
    }
}

/// A field's value.
package enum LogValue: Sendable, Equatable {
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    case null

    /// Longer strings are truncated, so that one line cannot fill the buffer.
    static let stringLimit = 2048
}

/// A type that can be a field of a log line. Errors do not conform: call sites write `"\(error)"`, so that a review
/// sees what their description discloses.
package protocol LogConvertible: Sendable {
    var logValue: LogValue { get }
}

extension String: LogConvertible { package var logValue: LogValue { .string(self) } }
extension Substring: LogConvertible { package var logValue: LogValue { .string(String(self)) } }
extension StaticString: LogConvertible { package var logValue: LogValue { .string("\(self)") } }
extension Bool: LogConvertible { package var logValue: LogValue { .bool(self) } }
extension Double: LogConvertible { package var logValue: LogValue { .double(self) } }
extension Int: LogConvertible { package var logValue: LogValue { .int(Int64(self)) } }
extension Int32: LogConvertible { package var logValue: LogValue { .int(Int64(self)) } }
extension Int64: LogConvertible { package var logValue: LogValue { .int(self) } }
extension UInt16: LogConvertible { package var logValue: LogValue { .int(Int64(self)) } }
extension UInt32: LogConvertible { package var logValue: LogValue { .int(Int64(self)) } }
extension UInt64: LogConvertible { package var logValue: LogValue { .int(Int64(clamping: self)) } }

/// In milliseconds with microsecond precision; such fields are named `…Ms`.
extension Duration: LogConvertible {
    package var logValue: LogValue {
        let (seconds, attoseconds) = components
        let microseconds = Double(seconds) * 1e6 + Double(attoseconds / 1_000_000_000_000)
        return .double(microseconds / 1000)
    }
}

extension Optional: LogConvertible where Wrapped: LogConvertible {
    package var logValue: LogValue { self?.logValue ?? .null }
}

extension JSONWriter {
    mutating func value(_ value: LogValue) {
        switch value {
        case .string(let text): string(text.truncated(toBytes: LogValue.stringLimit))
        case .int(let number): int(number)
        case .double(let number): double(number)
        case .bool(let flag): bool(flag)
        case .null: null()
        }
    }
}

extension String {
    /// At most `limit` UTF-8 bytes, followed by an ellipsis when truncated.
    func truncated(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return self[..<end] + "…"
    }
}
