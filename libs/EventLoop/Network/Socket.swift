internal import CLinux
internal import Glibc

/// The socket calls of the loop, each with its errno as a ``TransportError``.
enum Socket {
    static func make(for address: SocketAddress) throws(TransportError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(Int32(address.storage.ss_family), type, 0)
        guard descriptor >= 0 else { throw TransportError(.system(errno), "socket") }
        return descriptor
    }

    static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32 = 1) {
        var value = value
        unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    static func disableNagle(_ descriptor: Int32) { set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY) }

    static func listen(on address: SocketAddress, backlog: Int32) throws(TransportError) -> Int32 {
        let descriptor = try make(for: address)
        set(descriptor, SOL_SOCKET, SO_REUSEADDR)
        let isBound = unsafe address.withPointer { unsafe bind(descriptor, $0, $1) } == 0
        guard isBound, Glibc.listen(descriptor, backlog) == 0 else {
            let code = errno
            close(descriptor)
            throw TransportError(.system(code), "cannot listen on \(address)")
        }
        return descriptor
    }

    /// Accepts one waiting connection; nil when there is none. Other failures are thrown.
    static func accept(_ listener: Int32) throws(TransportError) -> Int32? {
        while true {
            let descriptor = clinux_accept(listener, nil, nil)
            if descriptor >= 0 { return descriptor }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EAGAIN: return nil
            default: throw TransportError(.system(errno), "accept")
            }
        }
    }

    /// A descriptor that is kept for nothing; -1 when there is none.
    static func reserve() -> Int32 { unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }

    /// Begins to connect; true when it is connected already.
    static func connect(_ descriptor: Int32, to address: SocketAddress) throws(TransportError) -> Bool {
        let code = unsafe address.withPointer { unsafe Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno }
        switch code {
        case 0: return true
        case EINPROGRESS: return false
        default: throw TransportError(.system(code), "cannot connect to \(address)")
        }
    }

    /// The pending error of a socket, 0 when there is none.
    static func error(of descriptor: Int32) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length) == 0 ? value : errno
    }

    static func address(
        of descriptor: Int32,
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call(descriptor, $0, &length)
            }
        }
        return SocketAddress(storage: storage, length: length)
    }

    static func local(_ descriptor: Int32) -> SocketAddress {
        unsafe address(of: descriptor) { unsafe getsockname($0, $1, $2) }
    }

    static func peer(_ descriptor: Int32) -> SocketAddress {
        unsafe address(of: descriptor) { unsafe getpeername($0, $1, $2) }
    }
}
