/// Lines that wait to be written, within a limit. Pure: who writes, and when, is the sink's business.
struct LogBuffer {
    /// Bytes held at most.
    let limit: Int
    private var bytes: [UInt8] = []
    /// What of `bytes` was written already.
    private var start = 0
    /// Lines lost because the buffer was full, since the process began.
    private(set) var dropped: UInt64 = 0
    /// Lines lost that no line has told of yet.
    private(set) var unreported: UInt64 = 0

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { start == bytes.count }
    var count: Int { bytes.count - start }

    /// Appends what `write` appends, unless the buffer is full afterwards.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let end = bytes.count
        write(&bytes)
        if count > limit {
            bytes.removeSubrange(end...)
            dropped += 1
            unreported += 1
        }
    }

    /// Answers how many lines were lost, once.
    mutating func takeUnreported() -> UInt64 {
        defer { unreported = 0 }
        return unreported
    }

    /// The next bytes to write: as many whole lines as fit, or a part of one that is longer.
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

    /// Gives everything up, as when the descriptor is broken.
    mutating func discard() {
        remove(count)
    }
}
