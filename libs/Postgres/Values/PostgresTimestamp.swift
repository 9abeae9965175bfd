/// A `timestamptz`: microseconds since 1970-01-01 00:00 UTC, the server's whole precision.
package struct PostgresTimestamp: Hashable, Comparable, Sendable {
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package init(milliseconds: Int64) { self.init(microseconds: milliseconds * 1000) }

    /// Rounded towards the past.
    package var milliseconds: Int64 { microseconds >= 0 ? microseconds / 1000 : (microseconds - 999) / 1000 }

    package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable {
    /// The server counts from 2000-01-01 (POSTGRES_EPOCH_JDATE in its timestamp.h).
    private static let serverEpoch: Int64 = 946_684_800_000_000

    package static var parameterType: PostgresTypeID { .timestamptz }
    package static var arrayType: PostgresTypeID { .timestamptzArray }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: microseconds - Self.serverEpoch)
        return true
    }

    /// Nil for `infinity`, which is no point in time.
    package static func decode(_ bytes: RawSpan, type: PostgresTypeID, format: PostgresFormat)
        -> PostgresTimestamp?
    {
        guard type == .timestamptz else { return nil }
        guard format == .binary else { return PostgresTimestamp(serverText: bytes.text) }
        guard bytes.byteCount == 8 else { return nil }
        let value = bytes.bigEndian(Int64.self, at: 0)
        guard value != .max, value != .min else { return nil }
        return PostgresTimestamp(microseconds: value + serverEpoch)
    }
}

extension PostgresTimestamp {
    /// `2026-11-20 15:44:00.123456+00`: DateStyle ISO in UTC, which every connection of this library sets.
    init?(serverText text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard text.hasSuffix("+00"), bytes.count >= 22, let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19)
        else { return nil }
        var fraction: Int64 = 0
        if bytes[19] == UInt8(ascii: ".") {
            let digits = bytes.count - 3 - 20
            guard (1...6).contains(digits), let value = number(20..<(20 + digits)) else { return nil }
            fraction = (digits..<6).reduce(value) { scaled, _ in scaled * 10 }
        }
        let days = Self.days(year: year, month: month, day: day)
        let seconds = (days * 24 + hour) * 3600 + minute * 60 + second
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, for years from 1 on.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // The year begins in March, so that the leap day is its last.
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
