internal import JSON

/// The typed fields of one log line, in the order written: `["orderId": order.id, "queue": name]`.
package struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
    private(set) var entries: [(name: String, value: LogValue)]

    package init(dictionaryLiteral elements: (String, any LogConvertible)...) {
        entries = elements.map { ($0.0, $0.1.logValue) }
    }

    package mutating func append(_ name: String, _ value: any LogConvertible) {
        entries.append((name, value.logValue))
    }
}

/// What a field can hold.
package enum LogValue: Sendable, Equatable {
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    case null

    /// Longer strings are cut: one line must not fill the buffer.
    static let stringLimit = 2048
}

/// What can stand as a field of a log line. Errors are written by hand, `"\(error)"`, so that it is seen
/// in review what their description gives away.
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

/// In milliseconds, to the microsecond; name such fields `…Ms`.
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
        case .string(let text): string(text.cut(to: LogValue.stringLimit))
        case .int(let number): int(number)
        case .double(let number): double(number)
        case .bool(let flag): bool(flag)
        case .null: null()
        }
    }
}

extension String {
    /// At most so many bytes of UTF-8, with an ellipsis when something was left out.
    func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return self[..<end] + "…"
    }
}
