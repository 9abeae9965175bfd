internal import Glibc

/// An IPv4 or IPv6 address. An IPv4 address that is mapped into IPv6 (`::ffff:192.0.2.1`) is the IPv4 address: a socket
/// that listens on `[::]` reports its IPv4 clients so.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Of the IPv6 form, the mapped one for IPv4: the first and the second eight bytes, most significant first.
    private let high: UInt64
    private let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    private init(bytes: some Collection<UInt8>) {
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private init(v4 bytes: some Collection<UInt8>) {
        high = 0
        low = bytes.reduce(Self.mappedPrefix >> 32) { $0 << 8 | UInt64($1) }
    }

    init(_ address: SocketAddress) {
        // sin_addr is at offset 4, sin6_addr at 8.
        let bytes = unsafe withUnsafeBytes(of: address.storage) { bytes in
            unsafe address.isIPv6 ? Array(bytes[8..<24]) : Array(bytes[4..<8])
        }
        if address.isIPv6 { self.init(bytes: bytes) } else { self.init(v4: bytes) }
    }

    /// Nil unless the text is a numeric address, without brackets, port and zone.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        // inet_pton stops at a NUL.
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(bytes: bytes)
        } else if unsafe inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(v4: bytes[..<4])
        } else {
            return nil
        }
    }

    package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool { isIPv4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1 }

    /// What one client can be told apart by: the address, or the /64 network of IPv6, of which a client has every address.
    package var client: IPAddress {
        isIPv4 || isLoopback ? self : IPAddress(high: high, low: 0)
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Without the bits after a prefix of the IPv6 form.
    fileprivate func masked(_ length: Int) -> IPAddress {
        func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }
        return IPAddress(high: high & mask(length), low: low & mask(length - 64))
    }

    package var description: String {
        let family = isIPv4 ? AF_INET : AF_INET6
        let words = (high.bigEndian, low.bigEndian)
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            unsafe withUnsafeBytes(of: words) { bytes in
                let start = unsafe bytes.baseAddress! + (isIPv4 ? 12 : 0)
                return unsafe inet_ntop(family, start, text.baseAddress, socklen_t(text.count)) == nil
                    ? "?" : unsafe String(cString: text.baseAddress!)
            }
        }
    }
}

/// The addresses that share a prefix, as in `10.0.0.0/8`.
package struct IPAddressRange: Hashable, Sendable {
    private let start: IPAddress
    /// Of the IPv6 form.
    private let length: Int

    /// Nil unless the text is an address, or an address and a prefix length. Bits after the prefix are ignored.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        let longest = address.isIPv4 && !parts[0].contains(":") ? 32 : 128
        var length = longest
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
                let number = Int(parts[1]), number <= longest
            else { return nil }
            length = number
        }
        self.length = length + 128 - longest
        start = address.masked(self.length)
    }

    package func contains(_ address: IPAddress) -> Bool { address.masked(length) == start }
}
