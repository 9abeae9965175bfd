import Glibc

/// The C library calls for logging and process metrics: the module's only `unsafe` expressions.
package enum SystemCalls {
    /// Reads a whole file. Nil when it cannot be opened or read, or is longer than `limit` bytes.
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

    /// In nanoseconds; nil when there is no such file.
    package static func modificationTime(of path: String) -> Int64? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// Writes a whole file, created with mode 0600; false on failure.
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

    /// Replaces a file by one of mode 0600, at once for every reader, and on the disk when this returns; false on failure.
    package static func replaceFile(at path: String, with bytes: [UInt8]) -> Bool {
        let scratch = "\(path).\(getpid())"
        guard write(bytes, toFile: scratch) else { return false }
        let descriptor = unsafe open(scratch, O_WRONLY | O_CLOEXEC)
        let isSaved = descriptor >= 0 && fsync(descriptor) == 0
        close(descriptor)
        if isSaved, unsafe rename(scratch, path) == 0 { return true }
        _ = unsafe unlink(scratch)
        return false
    }

    /// In bytes; nil when there is no such file.
    package static func size(of path: String) -> Int? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// At most `limit` bytes of a file from an offset on; nil when it cannot be read.
    package static func contents(of path: String, from offset: Int, limit: Int) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < limit {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe pread(
                    descriptor, $0.baseAddress, min($0.count, limit - bytes.count),
                    off_t(offset + bytes.count))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }

    /// Rows and columns of a terminal; nil for anything else.
    package static func terminalSize(_ descriptor: Int32) -> (rows: Int, columns: Int)? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return nil
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    /// Creates a folder, of the mode, and those above it; false when one is missing afterwards.
    package static func createFolder(_ path: String, mode: UInt32 = 0o777) -> Bool {
        for end in path.indices.dropFirst() where path[end] == "/" {
            _ = unsafe mkdir(String(path[..<end]), mode)
        }
        return unsafe mkdir(path, mode) == 0 || errno == EEXIST
    }

    package static func isExecutableFile(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }

    /// What a symbolic link names; nil for anything else, or more than 4095 bytes.
    package static func destination(ofLink path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard count > 0, count < bytes.count else { return nil }
        return String(validating: bytes[..<count], as: UTF8.self)
    }

    /// Allows as many descriptors as the process may have: a session needs one, and the usual limit is 1024.
    package static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// The number of open descriptors: the size of `/proc/self/fd`, from Linux 6.2 on. Nil before: reading the folder would
    /// stop the loop for tens of milliseconds when there are many.
    static func openDescriptors() -> Int? {
        var status = stat()
        guard unsafe stat("/proc/self/fd", &status) == 0, status.st_size > 0 else { return nil }
        return Int(status.st_size)
    }

    /// The name of this machine, pod or container.
    package static var hostName: String {
        var name = [UInt8](repeating: 0, count: 256)
        let isKnown = unsafe name.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return false }
            return unsafe gethostname(start.assumingMemoryBound(to: CChar.self), buffer.count - 1) == 0
        }
        return isKnown ? String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) : "unknown"
    }

    package static func isTerminal(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1
    }

    /// Whether a write of up to ``atomicWrite`` bytes would not block.
    static func isWritable(_ descriptor: Int32, within milliseconds: Int32 = 0) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&request, 1, milliseconds) == 1
    }

    /// POSIX `PIPE_BUF`: a writable pipe accepts this many bytes at once, without interleaving writes of other
    /// processes.
    static let atomicWrite = 4096

    /// Returns the number of bytes written, 0 when it would block, or a negative value on error.
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
