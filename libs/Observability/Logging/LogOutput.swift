package import EventLoop

/// Where log lines go.
@Loop package protocol LogOutput: Sendable {
    /// Bytes that a write may take at once.
    var chunk: Int { get }
    /// Writes what it can without blocking: the number of bytes taken, 0 when it would block, negative when
    /// nothing can be written any more.
    func write(_ bytes: ArraySlice<UInt8>) -> Int
    /// Waits at most so long until something can be written.
    func wait(milliseconds: Int32) -> Bool
}

/// The standard error stream.
///
/// Its descriptor stays in blocking mode, because it is shared with whoever started the process; it is asked
/// before each write whether it would block, and a pipe that says no takes a chunk of this size whole.
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
