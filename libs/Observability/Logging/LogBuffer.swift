/// A bounded buffer of lines to be written. It does no I/O.
struct LogBuffer {
    /// Maximum size in bytes.
    let limit: Int
    private var bytes: [UInt8] = []
    /// Offset in `bytes` of the first unwritten byte.
    private var start = 0
    /// Lines dropped because the buffer was full, since the process started.
    private(set) var dropped: UInt64 = 0
    /// Dropped lines that no `log.dropped` line has reported yet.
    private(set) var unreported: UInt64 = 0

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { start == bytes.count }
    var count: Int { bytes.count - start }

    /// Appends what `write` appends, or drops it when the buffer would exceed its limit.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let end = bytes.count
        write(&bytes)
        if count > limit {
            bytes.removeSubrange(end...)
            dropped += 1
            unreported += 1
        }
    }

    /// Returns and resets the number of unreported dropped lines.
    mutating func resetUnreported() -> UInt64 {
        defer { unreported = 0 }
        return unreported
    }

    /// The next bytes to write: as many whole lines as fit, or a part of a longer line.
    func chunk(_ size: Int) -> ArraySlice<UInt8> {
        let chunk = bytes[start...].prefix(size)
        guard chunk.count < count, let newline = chunk.lastIndex(of: UInt8(ascii: "\n")) else { return chunk }
        return chunk[...newline]
    }

    mutating func remove(_ written: Int) {
        start += written
        if isEmpty {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
            start = 0
        } else if start > limit {
            bytes.removeSubrange(..<start)
            start = 0
        }
    }

    /// Discards all lines, when the descriptor is broken.
    mutating func discard() {
        remove(count)
    }
}
