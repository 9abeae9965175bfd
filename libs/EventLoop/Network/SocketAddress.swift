internal import CLinux
internal import Glibc

/// A resolved address: an IPv4 or IPv6 address and a port.
package struct SocketAddress: @unchecked Sendable, CustomStringConvertible {
    // A C structure of plain bytes, which the compiler does not know to be Sendable.
    var storage: sockaddr_storage
    var length: socklen_t

    init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        var storage = sockaddr_storage()
        unsafe withUnsafeMutableBytes(of: &storage) {
            unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
        self.init(storage: storage, length: length)
    }

    package var isIPv6: Bool { storage.ss_family == sa_family_t(AF_INET6) }

    package var port: UInt16 {
        unsafe withUnsafeBytes(of: storage) { bytes in
            // sin_port and sin6_port have the same offset.
            unsafe UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }

    /// The numeric address without the port.
    package var host: String {
        var copy = storage
        let length = length
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer in
            let code = unsafe withUnsafePointer(to: &copy) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getnameinfo(
                        $0, length, buffer.baseAddress, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
                }
            }
            return code == 0 ? unsafe String(cString: buffer.baseAddress!) : "?"
        }
    }

    /// Without the port.
    package var address: IPAddress { IPAddress(self) }

    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        let length = length
        return unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }
}
