internal import EventLoop

/// A UTC timestamp in RFC 3339 format with milliseconds: `2026-11-20T15:44:00.123Z`.
package struct RFC3339: Sendable, CustomStringConvertible {
    /// Since 1970-01-01T00:00:00Z; years 0 to 9999.
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The wall clock.
    package static func now() -> RFC3339 {
        RFC3339(milliseconds: WallClock.milliseconds())
    }

    package var description: String {
        // Rounds down, so that the milliseconds are not negative.
        let seconds = (Int(milliseconds) - (milliseconds < 0 ? 999 : 0)) / 1_000
        let time = UTCDateTime(secondsSince1970: seconds)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.append(time.year, width: 4, then: "-")
        text.append(time.month, width: 2, then: "-")
        text.append(time.day, width: 2, then: "T")
        text.append(time.hour, width: 2, then: ":")
        text.append(time.minute, width: 2, then: ":")
        text.append(time.second, width: 2, then: ".")
        text.append(Int(milliseconds) - seconds * 1_000, width: 3, then: "Z")
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ number: Int, width: Int, then separator: Unicode.Scalar) {
        var divisor = (1..<width).reduce(1) { product, _ in product * 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
        append(UInt8(ascii: separator))
    }
}
