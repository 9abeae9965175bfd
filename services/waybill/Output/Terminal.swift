internal import Glibc
internal import JSON
internal import Observability
internal import Service

/// A command's output: results on standard output, everything else on standard error. Colours only on a
/// terminal, and never when `NO_COLOR` is set.
struct Terminal: Sendable {
    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    let format: OutputFormat
    let isColoured: Bool
    /// Whether standard error is a terminal, on which a line can be redrawn.
    let isInteractive: Bool
    /// Whether standard output is a terminal, on which a screen can be redrawn.
    let isScreen: Bool

    var wantsJSON: Bool { format == .json }
    var isWide: Bool { format == .wide }

    init(_ format: OutputFormat = .table) {
        self.format = format
        isScreen = format != .json && SystemCalls.isTerminal(STDOUT_FILENO)
        isColoured = isScreen && Environment.process()["NO_COLOR"] == nil
        isInteractive = format != .json && SystemCalls.isTerminal(STDERR_FILENO)
    }

    /// Rows and columns of the screen, at this moment.
    var size: (rows: Int, columns: Int) { SystemCalls.terminalSize(STDOUT_FILENO) ?? (24, 80) }

    func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Text as it is, in one write as far as the terminal takes it.
    func printExactly(_ text: String) { write(text, to: STDOUT_FILENO) }

    func print(_ value: JSONValue) { print(value.text) }

    /// Writes a message for people to standard error.
    func note(_ text: String) {
        guard !wantsJSON else { return }
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Redraws the current line of standard error; only where ``isInteractive``.
    func redraw(_ line: String) {
        guard isInteractive else { return }
        write("\r\u{1B}[K" + line, to: STDERR_FILENO)
    }

    /// Asks the user; nil without a terminal. Blocks the loop: call with no connection open.
    func confirm(_ question: String) -> Bool? {
        guard isInteractive, SystemCalls.isTerminal(STDIN_FILENO) else { return nil }
        write(question + " [y/N] ", to: STDERR_FILENO)
        let answer = (readLine() ?? "").lowercased()
        return answer == "y" || answer == "yes"
    }

    func fail(_ failure: CommandError) {
        if wantsJSON {
            var document: [JSONValue.Member] = [.init("error", .string(failure.message))]
            if let remedy = failure.remedy { document.append(.init("remedy", .string(remedy))) }
            return print(.object(document))
        }
        var text = styled("waybill: ", .red) + failure.message + "\n"
        if let remedy = failure.remedy { text += "  \(remedy)\n" }
        write(text, to: STDERR_FILENO)
    }

    func styled(_ text: String, _ style: Style) -> String {
        isColoured ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    private func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = SystemCalls.write(rest, to: descriptor)
            // The reader has closed the pipe.
            guard count >= 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
