extension TraceContext {
    /// Length of a version 00 `traceparent`.
    private static let length = 55
    /// The minimum length to propagate (section 3.3.1.5); longer lists are dropped.
    package static let stateLimit = 512

    /// Parses `traceparent`, and `tracestate` when it is valid.
    ///
    /// Nil for anything but lower-case hexadecimal in exactly the format of section 3.2, an all-zero id, or version
    /// `ff`; the receiver then starts a new trace. Versions above 00 may have more fields (section 3.2.4); their first
    /// four are read.
    package init?(traceparent: String, tracestate: String = "") {
        self.init(traceparent: traceparent.utf8.span, tracestate: tracestate)
    }

    package init?(traceparent bytes: Span<UInt8>, tracestate: String = "") {
        let dash = UInt8(ascii: "-")
        guard bytes.count >= Self.length, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = Self.number(bytes, 0..<2), version != 0xff,
            bytes.count == Self.length || (version > 0 && bytes[Self.length] == dash),
            let high = Self.number(bytes, 3..<19), let low = Self.number(bytes, 19..<35),
            let span = Self.number(bytes, 36..<52), let flags = Self.number(bytes, 53..<55),
            let traceID = TraceID(high: high, low: low), let spanID = SpanID(span)
        else { return nil }
        self.init(
            traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1,
            state: Self.isAcceptable(state: tracestate) ? tracestate : "")
    }

    /// Appends `00-<trace id>-<span id>-<flags>`, 55 bytes; only the sampled flag is ever set.
    package func appendTraceparent(to output: inout [UInt8]) {
        let dash = UInt8(ascii: "-")
        output.append(contentsOf: [0x30, 0x30, dash])
        output.append(hex: traceID.high)
        output.append(hex: traceID.low)
        output.append(dash)
        output.append(hex: spanID.value)
        output.append(contentsOf: [dash, 0x30, isSampled ? 0x31 : 0x30])
    }

    package var traceparent: String {
        var bytes: [UInt8] = []
        appendTraceparent(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    fileprivate static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for index in range {
            let byte = bytes[index]
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(byte - 0x61 + 10)
            default: return nil
            }
        }
        return value
    }

    /// Whether `state` is printable ASCII within the limit, so that it cannot break a header line.
    private static func isAcceptable(state: String) -> Bool {
        state.utf8.count <= stateLimit && state.utf8.allSatisfy { (0x20...0x7e).contains($0) || $0 == 0x09 }
    }
}

extension TraceID {
    static let textLength = 32

    /// Parses lower-case digits.
    init?(ascii bytes: Span<UInt8>) {
        guard bytes.count == Self.textLength, let high = TraceContext.number(bytes, 0..<16),
            let low = TraceContext.number(bytes, 16..<32)
        else { return nil }
        self.init(high: high, low: low)
    }
}

extension [UInt8] {
    init(hex value: UInt64) {
        self = []
        append(hex: value)
    }

    /// Sixteen lower-case digits.
    mutating func append(hex value: UInt64) {
        let start = count
        append(contentsOf: repeatElement(0, count: 16))
        var digits = mutableSpan
        for place in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * place)) & 0xf
            digits[start + place] = digit < 10 ? 0x30 + digit : 0x61 - 10 + digit
        }
    }
}
