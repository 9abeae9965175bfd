internal import Bytes
internal import Observability

/// Reads what a program has written to its log, and then what it appends.
struct LogReader: Sendable {
    /// Of each log's end, in bytes.
    static let window = 16 << 20

    let program: String
    private let path: String
    private var position: Int
    /// A last line whose end is not written yet.
    private var partial: [UInt8] = []
    private var isAtLineStart: Bool
    private var last: LogRecord?

    /// - Parameter folder: of the stack's logs.
    init(_ program: String, in folder: String) {
        self.program = program
        path = "\(folder)/\(program).log"
        position = max(0, (SystemCalls.size(of: path) ?? 0) - Self.window)
        isAtLineStart = position == 0
    }

    static func exists(_ program: String, in folder: String) -> Bool {
        SystemCalls.size(of: "\(folder)/\(program).log") != nil
    }

    /// What is new, as far as it is wanted.
    mutating func read(_ filter: LogFilter) -> [LogRecord] {
        guard let size = SystemCalls.size(of: path) else { return [] }
        if size < position {
            // It was rotated.
            (position, partial, isAtLineStart) = (0, [], true)
        }
        guard size > position,
            let bytes = SystemCalls.contents(of: path, from: position, limit: Self.window), !bytes.isEmpty
        else { return [] }
        position += bytes.count
        var lines = (partial + bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        partial = lines.popLast().map { Array($0) } ?? []
        if !isAtLineStart, !lines.isEmpty {
            lines.removeFirst()
            isAtLineStart = true
        }
        var found: [LogRecord] = []
        for line in lines where !line.isEmpty {
            let text = String(decoding: line, as: UTF8.self)
            // A line of text needs its predecessor's time: an event does not.
            guard filter.mayMatch(text[...]) || !text.hasPrefix("{") else { continue }
            let record = LogRecord(text, of: program, after: last)
            last = record
            if filter.matches(record) { found.append(record) }
        }
        return found
    }
}

/// The logs of a stack on this machine.
struct StackLogs: Sendable {
    private static let services = [
        ("accept", 10), ("process", 10), ("notification", 40), ("console", 1),
    ].flatMap { kind, most in (1...most).map { "\(kind)-\($0)" } }
    private static let servers = ["edge", "redis", "rabbitmq", "postgres", "epmd", "supervisord"]

    let folder: String
    /// Those that run, for their names.
    private let replicas: [Replica]

    /// A stack that is down has logs all the same.
    init(_ file: StackFile) {
        folder = "\(file.folder)/log"
        replicas = (try? file.read())?.replicas ?? []
    }

    /// The programs that the words mean and that have a log: without words, the services.
    func programs(_ words: [String]) throws(CommandError) -> [String] {
        let services = Self.services.filter { LogReader.exists($0, in: folder) }
        let all = services + Self.servers.filter { LogReader.exists($0, in: folder) }
        guard !all.isEmpty else {
            throw CommandError(
                .unavailable, "there is no log in \(folder)",
                remedy: "waybill up; or name the stack: --stack FILE")
        }
        guard !words.isEmpty else { return services }
        var found: [String] = []
        for word in words {
            let named = all.filter { isNamed($0, by: word) }
            guard !named.isEmpty else {
                throw CommandError(
                    .usage, "\(word.printable) has no log", remedy: "one of: \(all.joined(separator: ", "))")
            }
            found += named.filter { !found.contains($0) }
        }
        return found
    }

    /// `accept-1`, `accept`, `order-accept`; of one that runs, `order-accept@8081` too.
    private func isNamed(_ program: String, by word: String) -> Bool {
        let kind = Replica.kind(of: program)
        return [program, kind, "order-\(kind)"].contains { $0.hasSameBytes(as: word) }
            || replicas.contains { $0.name == program && $0.publicName.hasSameBytes(as: word) }
    }

    /// All records in the order of their time; of one time, in the programs' order.
    static func merged(_ records: [[LogRecord]]) -> [LogRecord] {
        // The standard library's sort is stable.
        records.flatMap { $0 }.sorted { $0.time.utf8.lexicographicallyPrecedes($1.time.utf8) }
    }
}
