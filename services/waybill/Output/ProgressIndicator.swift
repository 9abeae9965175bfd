import EventLoop

/// The progress of longer work: a bar on a terminal, else a line at intervals; nothing with `--json`, and
/// nothing for work that takes only a moment.
@Loop
final class ProgressIndicator {
    private static let initialDelay = Duration.milliseconds(500)
    private static let frame = Duration.milliseconds(100)
    private static let line = Duration.seconds(2)
    private static let width = 30

    private let console: Terminal
    private let title: String
    private let start: Instant
    private var shown: Instant?
    private let clock: @Loop () -> Instant

    init(_ console: Terminal, _ title: String, clock: @escaping @Loop () -> Instant = { .systemNow() }) {
        self.console = console
        self.title = title
        self.clock = clock
        start = clock()
    }

    func update(_ done: Int, of all: Int) {
        guard let text = step(done, of: all) else { return }
        if console.isInteractive { console.redraw(text) } else { console.note(text) }
    }

    /// The text to show now; nil when it is not due yet.
    func step(_ done: Int, of all: Int) -> String? {
        let now = clock()
        let pause = console.isInteractive ? Self.frame : Self.line
        guard start.duration(to: now) >= Self.initialDelay, done < all,
            shown.map({ $0.duration(to: now) >= pause }) ?? true
        else { return nil }
        shown = now
        let elapsed = start.duration(to: now).seconds
        let share = all > 0 ? min(1, Double(done) / Double(all)) : 1
        let left = share > 0.02 ? ", \(Int((elapsed / share - elapsed).rounded(.up))) s left" : ""
        let numbers = "\(done) of \(all) (\(Int(share * 100)) %\(left))"
        guard console.isInteractive else { return "\(title): \(numbers)" }
        let full = Int(share * Double(Self.width))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: Self.width - full)
        return "\(title) \(bar) \(numbers)"
    }

    /// Clears the bar.
    func end() { if shown != nil { console.redraw("") } }
}

/// Shows once a second that work of unknown length goes on.
@Loop
final class Waiting {
    private let console: Terminal
    private let title: String
    private let start = Instant.systemNow()
    private var ticks = 0
    private lazy var timer = Timer { [weak self] in self?.tick() }

    init(_ console: Terminal, _ title: String) {
        self.console = console
        self.title = title
        timer.arm(after: .seconds(1))
    }

    private func tick() {
        ticks += 1
        let text = "\(title) … \(Int(start.duration(to: .systemNow()).seconds)) s"
        if console.isInteractive { console.redraw(text) } else if ticks % 5 == 1 { console.note(text) }
        timer.arm(after: .seconds(1))
    }

    func end() {
        timer.cancel()
        if ticks > 0 { console.redraw("") }
    }
}

extension Terminal {
    /// Runs work of unknown length, and shows that it goes on when it takes longer than a second.
    @Loop func waiting<Value>(_ title: String, _ body: @Loop () async throws -> Value) async rethrows -> Value
    {
        let waiting = Waiting(self, title)
        defer { waiting.end() }
        return try await body()
    }
}
