package import EventLoop

/// Writes structured lines: a dotted event name (`order.accepted`), the workflow's correlation id, the trace and typed
/// fields.
///
/// A disabled level costs one comparison; its fields are not evaluated.
/// ```swift
/// log.info("order.accepted", ["orderId": order.id], cid: order.correlationID, trace: trace)
/// ```
@Loop package struct Logger {
    package let sink: LogSink
    package let level: LogLevel

    package nonisolated init(sink: LogSink, level: LogLevel) {
        self.sink = sink
        self.level = level
    }

    @inlinable
    package func isEnabled(_ level: LogLevel) -> Bool {
        level.rank >= self.level.rank
    }

    @inlinable
    package func log(
        _ level: LogLevel, _ key: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        cid: @autoclosure () -> String? = nil, trace: TraceContext? = nil
    ) {
        if isEnabled(level) { write(level, key, fields(), cid: cid(), trace: trace) }
    }

    @inlinable
    package func trace(
        _ key: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        cid: @autoclosure () -> String? = nil, trace: TraceContext? = nil
    ) {
        if isEnabled(.trace) { write(.trace, key, fields(), cid: cid(), trace: trace) }
    }

    @inlinable
    package func debug(
        _ key: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        cid: @autoclosure () -> String? = nil, trace: TraceContext? = nil
    ) {
        if isEnabled(.debug) { write(.debug, key, fields(), cid: cid(), trace: trace) }
    }

    @inlinable
    package func info(
        _ key: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        cid: @autoclosure () -> String? = nil, trace: TraceContext? = nil
    ) {
        if isEnabled(.info) { write(.info, key, fields(), cid: cid(), trace: trace) }
    }

    @inlinable
    package func warning(
        _ key: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        cid: @autoclosure () -> String? = nil, trace: TraceContext? = nil
    ) {
        if isEnabled(.warning) { write(.warning, key, fields(), cid: cid(), trace: trace) }
    }

    @inlinable
    package func error(
        _ key: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        cid: @autoclosure () -> String? = nil, trace: TraceContext? = nil
    ) {
        if isEnabled(.error) { write(.error, key, fields(), cid: cid(), trace: trace) }
    }

    @inlinable
    package func critical(
        _ key: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        cid: @autoclosure () -> String? = nil, trace: TraceContext? = nil
    ) {
        if isEnabled(.critical) { write(.critical, key, fields(), cid: cid(), trace: trace) }
    }

    @usableFromInline
    func write(
        _ level: LogLevel, _ key: StaticString, _ fields: LogFields, cid: String?, trace: TraceContext?
    ) {
        sink.write(
            LogLine(
                time: WallClock.milliseconds(), level: level, key: key, correlationID: cid, trace: trace,
                fields: fields))
    }
}
