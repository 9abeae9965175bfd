package import EventLoop
internal import Observability

/// Keeps what is logged. Flush the sink before the text is read.
@Loop
package final class MemoryLogOutput: LogOutput {
    package private(set) var text = ""
    package let chunk = 1 << 16

    package nonisolated init() {}

    package func write(_ bytes: ArraySlice<UInt8>) -> Int {
        text += String(decoding: bytes, as: UTF8.self)
        return bytes.count
    }

    package func wait(milliseconds: Int32) -> Bool { true }
}
