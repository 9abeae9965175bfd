package import EventLoop

/// Buffers the lines of one loop turn and writes them together.
///
/// A log reader that stops reading does not block the process: lines past the limit are dropped and counted, and a
/// `log.dropped` line reports them when the buffer has room again.
@Loop package final class LogSink {
    private let origin: LogOrigin
    private let format: LogFormat
    private let output: any LogOutput
    private var buffer: LogBuffer
    private lazy var timer = Timer { [weak self] in self?.flush() }

    /// Delay before the next write when the output would block.
    private static let retry = Duration.milliseconds(50)

    package init(
        origin: LogOrigin, format: LogFormat, output: any LogOutput = StandardError(), limit: Int = 1 << 18
    ) {
        self.origin = origin
        self.format = format
        self.output = output
        buffer = LogBuffer(limit: limit)
    }

    /// Lines dropped since the process started.
    package var dropped: UInt64 { buffer.dropped }

    func write(_ line: LogLine) {
        buffer.append { format.append(line, from: origin, to: &$0) }
        // Errors are written at once, because a crash may follow.
        if line.level >= .error { flush() } else if !timer.isArmed { timer.arm(after: .zero) }
    }

    /// Writes what it can without blocking and schedules a retry for the rest.
    package func flush() {
        while !buffer.isEmpty {
            let written = output.write(buffer.chunk(output.chunk))
            if written < 0 { return buffer.discard() }
            guard written > 0 else { return timer.arm(after: Self.retry) }
            buffer.remove(written)
            reportDropped()
        }
    }

    /// For the process's exit: blocks until all is written, the output is broken, or the time is over.
    package func drain(within limit: Duration = .seconds(1)) {
        let deadline = Instant.systemNow() + limit
        flush()
        while !buffer.isEmpty {
            let left = Instant.systemNow().duration(to: deadline)
            guard left > .zero, output.wait(milliseconds: Int32(clamping: left.nanoseconds / 1_000_000))
            else { break }
            flush()
        }
        timer.cancel()
    }

    private func reportDropped() {
        guard buffer.unreported > 0, buffer.count < buffer.limit / 2 else { return }
        let line = LogLine(
            time: WallClock.milliseconds(), level: .warning, key: "log.dropped", correlationID: nil,
            trace: nil, fields: ["lines": buffer.resetUnreported()])
        buffer.append { format.append(line, from: origin, to: &$0) }
    }
}
