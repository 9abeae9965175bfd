/// A point in time in milliseconds since 1970-01-01T00:00:00Z, within the years 0000 to 9999 (RFC 3339).
package struct Timestamp: Hashable, Sendable {
    /// The last millisecond of the year 9999.
    package static let latest = Timestamp(milliseconds: 253_402_300_799_999)
    /// The first millisecond of the year 0000.
    package static let earliest = Timestamp(milliseconds: -62_167_219_200_000)

    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// From outside: seconds since 1970, at most ``latest``.
    package init(seconds: UInt64) {
        milliseconds = min(Int64(clamping: seconds), Self.latest.milliseconds / 1000) * 1000
    }
}

extension Timestamp: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp {
    /// Appends `2026-11-20T15:54:06.123Z`, always with milliseconds; clamped to the range.
    package func append(to bytes: inout [UInt8]) {
        let clamped = min(max(self, .earliest), .latest).milliseconds
        let days = Self.floorDivide(clamped, Self.millisecondsPerDay)
        let millisecondOfDay = clamped - days * Self.millisecondsPerDay
        let date = CivilDate(daysSinceEpoch: days)
        Self.append(date.year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(millisecondOfDay / 3_600_000, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(millisecondOfDay / 60_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(millisecondOfDay / 1_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        Self.append(millisecondOfDay % 1_000, digits: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    static let millisecondsPerDay: Int64 = 86_400_000

    /// Rounds down, unlike `/`.
    static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }

    private static func append(_ value: Int64, digits: Int, to bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
