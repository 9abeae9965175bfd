/// A `timestamptz`: microseconds since 1970-01-01 00:00 UTC, the server's full precision.
package struct PostgresTimestamp: Hashable, Comparable, Sendable {
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package init(milliseconds: Int64) { self.init(microseconds: milliseconds * 1000) }

    /// Rounded towards the past.
    package var milliseconds: Int64 { microseconds / 1000 - (microseconds % 1000 < 0 ? 1 : 0) }

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
        let (value, overflow) = microseconds.subtractingReportingOverflow(Self.serverEpoch)
        // One that no server holds.
        bytes.append(bigEndian: overflow ? .min : value)
        return true
    }

    /// Nil for `infinity`, and for the years after 292277, which the server counts and 64 bits from 1970 do not.
    package static func decode(_ bytes: RawSpan, type: PostgresTypeID) -> PostgresTimestamp? {
        guard type == .timestamptz else { return nil }
        guard bytes.byteCount == 8 else { return nil }
        let value = bytes.bigEndian(Int64.self, at: 0)
        guard value != .max, value != .min else { return nil }
        let (microseconds, overflow) = value.addingReportingOverflow(serverEpoch)
        return overflow ? nil : PostgresTimestamp(microseconds: microseconds)
    }
}
