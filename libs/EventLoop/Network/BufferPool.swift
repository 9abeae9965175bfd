/// The buffer of every read, and a few emptied output buffers for reuse: an idle connection owns no buffer, and a
/// busy one does not allocate for each message.
@Loop @safe
final class BufferPool {
    private static let readSize = 65_536
    private static let spareCount = 64
    private static let spareCapacity = 32_768

    let read = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: readSize)
    private var spares: [[UInt8]] = []

    init() {}

    func take() -> [UInt8] { spares.popLast() ?? [] }

    func give(_ buffer: inout [UInt8]) {
        if spares.count < Self.spareCount, (1...Self.spareCapacity).contains(buffer.capacity) {
            buffer.removeAll(keepingCapacity: true)
            spares.append(buffer)
        }
        buffer = []
    }
}
