import Glibc

/// The few calls of the C library that logging and process metrics need. The only `unsafe` of this room.
package enum SystemCalls {
    /// A small file whole. Nil when it cannot be opened or read, or is longer than the limit.
    package static func contents(of path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0, bytes.count + count <= limit else { return nil }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a file whole, readable by its owner alone where it is new; tells whether it could.
    package static func write(_ bytes: [UInt8], toFile path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(rest, to: descriptor)
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Number of entries of a folder, without `.` and `..`. Nil when it cannot be read.
    static func entryCount(of path: String) -> Int? {
        guard let folder = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(folder) }
        var count = -2
        while unsafe readdir(folder) != nil { count += 1 }
        return max(count, 0)
    }

    package static func isTerminal(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1
    }

    /// Whether a write of up to ``atomicWrite`` bytes would not block.
    static func isWritable(_ descriptor: Int32, within milliseconds: Int32 = 0) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&request, 1, milliseconds) == 1
    }

    /// POSIX `PIPE_BUF`: a pipe that polls writable takes this much at once, and does not mix it with what
    /// other processes write.
    static let atomicWrite = 4096

    /// Bytes written; negative when the descriptor is broken.
    package static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int {
        while true {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count >= 0 || (errno != EINTR && errno != EAGAIN) { return count }
            if errno == EAGAIN { return 0 }
        }
    }

    static let ticksPerSecond = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
    static let pageSize = Double(max(sysconf(Int32(_SC_PAGESIZE)), 1))
}
