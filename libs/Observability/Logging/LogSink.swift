package import EventLoop

/// Gathers the lines of one turn of the loop and writes them together.
///
/// A reader of the log that stops reading costs lines, not time: past the limit they are counted and
/// dropped, and a `log.dropped` line tells of it once there is room again.
@Loop package final class LogSink {
    private let origin: LogOrigin
    private let format: LogFormat
    private let output: any LogOutput
    private var buffer: LogBuffer
    private lazy var timer = Timer { [weak self] in self?.flush() }

    /// How long to wait before another try when the reader has stopped.
    private static let retry = Duration.milliseconds(50)

    package init(
        origin: LogOrigin, format: LogFormat, output: any LogOutput = StandardError(), limit: Int = 1 << 18
    ) {
        self.origin = origin
        self.format = format
        self.output = output
        buffer = LogBuffer(limit: limit)
    }

    /// Lines lost so far.
    package var dropped: UInt64 { buffer.dropped }

    func write(_ line: LogLine) {
        buffer.append { format.append(line, from: origin, to: &$0) }
        // A line that may be the last one before a crash does not wait for the end of the turn.
        if line.level >= .error { flush() } else if !timer.isArmed { timer.arm(after: .zero) }
    }

    /// Writes what can be written without blocking, and comes again for the rest.
    package func flush() {
        while !buffer.isEmpty {
            let written = output.write(buffer.chunk(output.chunk))
            if written < 0 { return buffer.discard() }
            guard written > 0 else { return timer.arm(after: Self.retry) }
            buffer.remove(written)
            reportDropped()
        }
    }

    /// For the end of the process: blocks until all is written, the output is broken, or the time is over.
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
            trace: nil, fields: ["lines": buffer.takeUnreported()])
        buffer.append { format.append(line, from: origin, to: &$0) }
    }
}
