internal import EventLoop

/// A time of day in UTC as RFC 3339 writes it, to the millisecond: `2026-11-20T15:44:00.123Z`.
package struct RFC3339: Sendable, CustomStringConvertible {
    /// Since 1970; years 0 to 9999.
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The wall clock.
    package static func now() -> RFC3339 {
        RFC3339(milliseconds: WallClock.milliseconds())
    }

    package var description: String {
        let day = Int(milliseconds) / 86_400_000 - (milliseconds % 86_400_000 < 0 ? 1 : 0)
        let rest = Int(milliseconds) - day * 86_400_000
        let date = Self.civil(days: day)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.append(date.year, width: 4, then: "-")
        text.append(date.month, width: 2, then: "-")
        text.append(date.day, width: 2, then: "T")
        text.append(rest / 3_600_000, width: 2, then: ":")
        text.append(rest / 60_000 % 60, width: 2, then: ":")
        text.append(rest / 1000 % 60, width: 2, then: ".")
        text.append(rest % 1000, width: 3, then: "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// Days since 1970-01-01 as a date of the proleptic Gregorian calendar (H. Hinnant, "chrono-Compatible
    /// Low-Level Date Algorithms", civil_from_days).
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
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
