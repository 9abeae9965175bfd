internal import Bytes
internal import JSON
internal import Observability

/// One line of a program's log: an event in JSON, or a text.
struct LogRecord: Sendable {
    /// The program, as the stack's scripts name it: `accept-1`.
    let program: String
    /// What orders it: RFC 3339 in UTC, or the time of day of a log that was written for a terminal. A line without a time
    /// has that of the line before it.
    let time: String
    let level: LogLevel?
    let line: String
    /// Nil for a text.
    let event: JSONValue?

    /// - Parameter before: the record before it in the same log.
    init(_ line: String, of program: String, after before: LogRecord?) {
        self.program = program
        self.line = line
        let event = Self.event(line)
        self.event = event
        if let time = event?["ts"]?.string {
            self.time = time
            level = event?["level"]?.string.flatMap(LogLevel.init)
        } else if let match = line.prefixMatch(of: /(\d\d:\d\d:\d\d\.\d{3}) +([A-Z]+)\s/) {
            time = String(match.1)
            level = LogLevel(rawValue: match.2.lowercased())
        } else {
            time = before?.time ?? ""
            level = nil
        }
    }

    private static func event(_ line: String) -> JSONValue? {
        guard line.hasPrefix("{") else { return nil }
        return try? JSONValue(parsing: line)
    }

    /// Whether the time has a date.
    var isDated: Bool { time.utf8.count > 12 }

    /// Of a program that writes for terminals.
    private static func withoutStyles(_ line: String) -> String {
        line.contains("\u{1B}") ? line.replacing(/\x{1B}\[[0-9;]*m/, with: "") : line
    }

    private static let standard = ["ts", "level", "key", "service", "replica"]

    /// For people: the time of day, the level, the program, the event and its fields.
    func text(_ console: Terminal) -> String {
        let label = Help.padded(program, 14)
        guard let event else { return "\(console.styled(label, .dim)) \(Self.withoutStyles(line).printable)" }
        let clock = time.dropFirst(11).dropLast()
        let name = Help.padded(event["level"]?.string?.uppercased() ?? "", 8)
        var parts = [
            String(clock), console.styled(label, .dim),
            level.map { console.styled(name, $0.style) } ?? name,
            console.styled(event["key"]?.string ?? "", .bold),
        ]
        for member in event.members ?? []
        where !Self.standard.contains(where: { $0.hasSameBytes(as: member.key) }) {
            let value = member.value.string.flatMap { $0.contains(" ") ? nil : $0 } ?? member.value.text
            parts.append(console.styled("\(member.key.printable)=", .dim) + value.printable)
        }
        return parts.joined(separator: " ")
    }

    /// The line as JSON.
    var json: JSONValue {
        event ?? .object([.init("program", .string(program)), .init("text", .string(line))])
    }
}

extension LogLevel {
    fileprivate var style: Terminal.Style {
        switch self {
        case .trace, .debug: .dim
        case .info: .green
        case .warning: .yellow
        case .error, .critical: .red
        }
    }
}
