package import EventLoop

/// The destination of log lines.
@Loop package protocol LogOutput: Sendable {
    /// Maximum bytes per write.
    var chunk: Int { get }
    /// Writes without blocking. Returns the number of bytes written, 0 when it would block, or a negative value when
    /// the output is broken.
    func write(_ bytes: ArraySlice<UInt8>) -> Int
    /// Waits until the output is writable; false when the time passed.
    func wait(milliseconds: Int32) -> Bool
}

/// The standard error stream.
///
/// Its descriptor stays in blocking mode, because other processes share it. Each write polls it first; a writable pipe
/// accepts a whole chunk without blocking.
package struct StandardError: LogOutput {
    package nonisolated init() {}

    package var chunk: Int { SystemCalls.atomicWrite }

    package nonisolated static var isTerminal: Bool { SystemCalls.isTerminal(2) }

    package func write(_ bytes: ArraySlice<UInt8>) -> Int {
        SystemCalls.isWritable(2) ? SystemCalls.write(bytes, to: 2) : 0
    }

    package func wait(milliseconds: Int32) -> Bool {
        SystemCalls.isWritable(2, within: milliseconds)
    }
}
