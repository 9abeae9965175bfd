internal import Bytes
internal import JSON
import Observability

/// Which records are wanted.
struct LogFilter: Sendable {
    var level: LogLevel?
    /// RFC 3339, in UTC; a record without a date is not left out by it.
    var since: String?
    var words: String?
    var correlationID: String?
    var traceID: String?

    /// Whether a line can be wanted at all: cheaper than to parse it.
    func mayMatch(_ line: Substring) -> Bool {
        [words, correlationID, traceID].allSatisfy { $0.map { line.contains($0) } ?? true }
    }

    func matches(_ record: LogRecord) -> Bool {
        if let level {
            guard let own = record.level, own >= level else { return false }
        }
        if let since, record.isDated, record.time.utf8.lexicographicallyPrecedes(since.utf8) { return false }
        if let words, !record.line.contains(words) { return false }
        for (name, wanted) in [("cid", correlationID), ("trace", traceID)] {
            guard let wanted else { continue }
            guard let value = record.event?[name]?.string else {
                // A log for a terminal.
                guard record.event == nil, record.line.contains("\(name)=\(wanted)") else { return false }
                continue
            }
            guard value.hasSameBytes(as: wanted) else { return false }
        }
        return true
    }
}
