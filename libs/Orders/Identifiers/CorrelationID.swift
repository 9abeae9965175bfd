package import Bytes

/// Identifies an order's workflow: a UUID of version 7 (RFC 9562, section 5.7).
///
/// UUIDs of other versions parse too, because clients may query identifiers that were never issued.
package struct CorrelationID: Hashable, Sendable {
    /// 48 bits of milliseconds, the version and `rand_a`; the variant and `rand_b`.
    package let uuid: UUID

    package init(_ uuid: UUID) { self.uuid = uuid }

    /// - Parameters:
    ///   - high: the first eight bytes, big-endian.
    ///   - low: the last eight bytes, big-endian.
    package init(high: UInt64, low: UInt64) { uuid = UUID(high: high, low: low) }

    /// A version 7 UUID from its fields; excess high bits are dropped.
    package init(unixMilliseconds: UInt64, randomA: UInt16, randomB: UInt64) {
        self.init(
            high: unixMilliseconds << 16 | 0x7000 | UInt64(randomA & 0x0FFF),
            low: 0x8000_0000_0000_0000 | randomB & 0x3FFF_FFFF_FFFF_FFFF)
    }

    package var high: UInt64 { uuid.high }
    package var low: UInt64 { uuid.low }
    package var version: Int { Int(high >> 12 & 0xF) }

    /// The time of issue; nil unless the UUID has version 7 and RFC 9562's variant.
    package var timestamp: Timestamp? {
        guard version == 7, low >> 62 == 0b10 else { return nil }
        return Timestamp(milliseconds: Int64(high >> 16))
    }
}

extension CorrelationID: Comparable {
    /// Compares bytes, which orders version 7 by time of issue.
    package static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}

extension CorrelationID {
    package static let textLength = UUID.textLength

    /// Parses the canonical form of 36 characters, case-insensitively; no braces, no URN prefix, no missing dashes.
    package init?(_ text: String) {
        self.init(ascii: text.utf8Span.span)
    }

    /// See `init(_:)`.
    package init?(ascii: Span<UInt8>) {
        guard let uuid = UUID(ascii: ascii) else { return nil }
        self.init(uuid)
    }

    /// Appends the canonical lower-case form.
    package func append(to bytes: inout [UInt8]) { uuid.append(to: &bytes) }
}

extension CorrelationID: CustomStringConvertible {
    package var description: String { uuid.description }
}
