extension Timestamp {
    /// Parses an RFC 3339 date-time, with `Z` or an offset. Fractions finer than a millisecond are truncated; leap
    /// seconds (`:60`) are rejected, because Unix time has none.
    package init?(_ text: String) {
        self.init(ascii: text.utf8Span.span)
    }

    /// See `init(_:)`.
    package init?(ascii: Span<UInt8>) {
        guard (20...35).contains(ascii.count),
            let year = Self.number(ascii, at: 0, digits: 4), ascii[4] == UInt8(ascii: "-"),
            let month = Self.number(ascii, at: 5, digits: 2), ascii[7] == UInt8(ascii: "-"),
            let day = Self.number(ascii, at: 8, digits: 2), ascii[10] | 0x20 == UInt8(ascii: "t"),
            let hour = Self.number(ascii, at: 11, digits: 2), hour < 24, ascii[13] == UInt8(ascii: ":"),
            let minute = Self.number(ascii, at: 14, digits: 2), minute < 60, ascii[16] == UInt8(ascii: ":"),
            let second = Self.number(ascii, at: 17, digits: 2), second < 60,
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }

        var index = 19
        guard let fraction = Self.fraction(ascii, at: &index),
            let offsetMinutes = Self.offset(ascii, at: index)
        else { return nil }
        let minutes = (date.daysSinceEpoch * 24 + hour) * 60 + minute - offsetMinutes
        self.init(milliseconds: (minutes * 60 + second) * 1_000 + fraction)
        guard self >= .earliest, self <= .latest else { return nil }
    }

    private static func number(_ ascii: Span<UInt8>, at start: Int, digits: Int) -> Int64? {
        guard start + digits <= ascii.count else { return nil }
        var value: Int64 = 0
        for index in start..<start + digits {
            guard let digit = ascii[index].decimalDigit else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Milliseconds of `.123456789`; zero when there is no fraction.
    private static func fraction(_ ascii: Span<UInt8>, at index: inout Int) -> Int64? {
        guard ascii[index] == UInt8(ascii: ".") else { return 0 }
        index += 1
        var value: Int64 = 0
        var weight: Int64 = 100
        let start = index
        while index < ascii.count, let digit = ascii[index].decimalDigit {
            value += digit * weight
            weight /= 10
            index += 1
        }
        return (1...9).contains(index - start) ? value : nil
    }

    /// Parses the offset from `index` to the end, in minutes east of UTC.
    private static func offset(_ ascii: Span<UInt8>, at index: Int) -> Int64? {
        guard index < ascii.count else { return nil }
        if ascii[index] | 0x20 == UInt8(ascii: "z") { return index + 1 == ascii.count ? 0 : nil }
        guard index + 6 == ascii.count, ascii[index + 3] == UInt8(ascii: ":"),
            let hours = number(ascii, at: index + 1, digits: 2), hours < 24,
            let minutes = number(ascii, at: index + 4, digits: 2), minutes < 60
        else { return nil }
        switch ascii[index] {
        case UInt8(ascii: "+"): return hours * 60 + minutes
        case UInt8(ascii: "-"): return -(hours * 60 + minutes)
        default: return nil
        }
    }
}
