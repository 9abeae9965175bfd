internal import Bytes
import EventLoop
internal import JSON

/// What a command shows: for people, and as JSON.
struct Display {
    var text: String
    /// For standard error, after the text.
    var notes: [String] = []
    var json: JSONValue
    var code = ExitCode.success
}

extension CommandHelp.Option {
    static let watch = CommandHelp.Option(
        name: "watch", text: "look again every two seconds, until Ctrl-C")
}

extension CommandContext {
    /// Shows what `look` finds; when it is watched, again and again: redrawn on a terminal, elsewhere what is new.
    @Loop func show(
        isWatched: Bool, _ look: @Loop () async throws -> Display
    ) async throws -> ExitCode {
        let first = try await look()
        guard isWatched else {
            console.print(console.wantsJSON ? first.json.text : first.text)
            for note in first.notes { console.note(note) }
            return first.code
        }
        var view = LiveView(console)
        view.show(first)
        while true {
            try await Loop.sleep(for: LiveView.interval)
            do {
                view.show(try await look())
            } catch let error as CommandError {
                try Task.checkCancellation()
                // It may answer again.
                view.show(
                    Display(
                        text: "\(console.styled(error.message, .red))\n  \(error.remedy ?? "")",
                        json: .object([.init("error", .string(error.message))])))
            }
        }
    }
}

/// Shows something that changes. It sets no state of the terminal, so that there is none to be restored.
struct LiveView {
    static let interval = Duration.seconds(2)

    private let console: Terminal
    private var shown: (text: String, notes: [String])?

    init(_ console: Terminal) { self.console = console }

    mutating func show(_ display: Display) {
        let text = console.wantsJSON ? display.json.text : display.text
        if console.isScreen {
            let size = console.size
            let lines = Self.lines(of: text) + display.notes
            console.printExactly(
                (shown == nil ? "\u{1B}[2J" : "") + Self.screen(lines, rows: size.rows, columns: size.columns)
            )
        } else {
            for line in Self.changes(Self.lines(of: text), since: Self.lines(of: shown?.text ?? "")) {
                console.print(line)
            }
            for note in Self.changes(display.notes, since: shown?.notes ?? []) { console.note(note) }
        }
        shown = (text, display.notes)
    }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Draws the lines from the top of the screen on, and clears what was there before. Those that do not fit are left out.
    static func screen(_ lines: [String], rows: Int, columns: Int) -> String {
        var text = "\u{1B}[H"
        var left = max(1, rows - 1)
        for line in lines {
            let height = max(1, (visibleCount(of: line) + columns - 1) / max(1, columns))
            guard height <= left else { break }
            left -= height
            text += line + "\u{1B}[K\n"
        }
        return text + "\u{1B}[J"
    }

    /// Characters without the sequences that colour them.
    private static func visibleCount(of line: String) -> Int {
        line.replacing(/\u{1B}\[[0-9;]*m/, with: "").count
    }

    /// Lines that were not there before. A column of another width makes no other line.
    static func changes(_ lines: [String], since before: [String]) -> [String] {
        func words(_ line: String) -> ByteString {
            ByteString(line.split(separator: " ").joined(separator: " "))
        }
        let known = Set(before.map(words))
        return lines.filter { !known.contains(words($0)) }
    }
}
