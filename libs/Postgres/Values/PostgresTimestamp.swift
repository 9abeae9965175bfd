internal import EventLoop

/// A `timestamptz`: microseconds since 1970-01-01 00:00 UTC, the server's full precision.
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

    /// Nil for `infinity`.
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
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard text.hasSuffix("+00"), bytes.count >= 22, let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19), let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var fraction = 0
        if bytes[19] == UInt8(ascii: ".") {
            let digits = bytes.count - 3 - 20
            guard (1...6).contains(digits), let value = number(20..<(20 + digits)) else { return nil }
            fraction = (digits..<6).reduce(value) { scaled, _ in scaled * 10 }
        }
        let seconds = (date.daysSinceEpoch * 24 + hour) * 3600 + minute * 60 + second
        self.init(microseconds: Int64(seconds * 1_000_000 + fraction))
    }
}
