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

    /// `00-<trace id>-<span id>-<flags>`; only the sampled flag is ever set.
    package var traceparent: String {
        // The digits that nothing sets are those of version and flags.
        var bytes = [UInt8](repeating: UInt8(ascii: "0"), count: Self.length)
        var text = bytes.mutableSpan
        (text[2], text[35], text[52]) = (UInt8(ascii: "-"), UInt8(ascii: "-"), UInt8(ascii: "-"))
        text.write(hex: traceID.high, at: 3)
        text.write(hex: traceID.low, at: 19)
        text.write(hex: spanID.value, at: 36)
        if isSampled { text[54] = UInt8(ascii: "1") }
        return String(decoding: bytes, as: UTF8.self)
    }

    fileprivate static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for index in range {
            let byte = bytes[index]
            let decimal = byte &- 0x30
            let alphabetic = byte &- 0x61
            guard decimal < 10 || alphabetic < 6 else { return nil }
            value = value << 4 | UInt64(decimal < 10 ? decimal : alphabetic &+ 10)
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
        digits.write(hex: value, at: start)
    }
}

extension MutableSpan<UInt8> {
    /// Sixteen lower-case digits.
    mutating func write(hex value: UInt64, at start: Int) {
        for place in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * place)) & 0xf
            self[start + place] = digit < 10 ? 0x30 + digit : 0x61 - 10 + digit
        }
    }
}
