import EventLoop
import JSON
import Testing

@testable import Waybill

@Suite struct OutputTests {
    @Test func escapesTerminalControlCharacters() {
        #expect("plain ÄÖ 🙂".printable == "plain ÄÖ 🙂")
        #expect("a\u{1B}[2Jb\nc\u{7F}".printable == #"a\u{1b}[2Jb\u{a}c\u{7f}"#)
        // Right-to-left override and C1 controls as well.
        #expect("x\u{202E}y\u{9B}".printable == #"x\u{202e}y\u{9b}"#)
    }

    @Test func cutsTextWithAnEllipsis() {
        #expect("abc".cut(to: 3) == "abc")
        #expect("abcd".cut(to: 3) == "ab…")
    }

    @Test(arguments: [
        (Duration.milliseconds(850), "850 ms"), (.milliseconds(12_340), "12.3 s"), (.seconds(240), "4 min"),
        (.seconds(3 * 3600), "3 h"), (.seconds(200_000), "2 days"),
    ])
    func formatsDurations(duration: Duration, text: String) {
        #expect(duration.text == text)
    }

    @Test func indentsJSON() throws {
        let value = try JSONValue(parsing: #"{"a":[1,{"b":"\u001b"}],"c":{},"d":[]}"#)
        #expect(
            value.indented == """
                {
                  "a": [
                    1,
                    {
                      "b": "\\u001b"
                    }
                  ],
                  "c": {},
                  "d": []
                }
                """)
        #expect(try JSONValue(parsing: value.indented) == value)
    }

    // MARK: Formats and live views

    @Test(arguments: [
        (["status"], OutputFormat.table), (["status", "--json"], .json),
        (["--output", "wide", "status"], .wide),
        (["status", "--output=json"], .json), (["status", "--output", "yaml"], .table),
        (["--output"], .table),
    ])
    func findsTheOutputFormat(words: [String], format: OutputFormat) {
        #expect(OutputFormat(in: words) == format)
    }

    @Test func aScreenIsDrawnFromItsTopAndFits() {
        #expect(
            LiveView.screen(["a", "b"], rows: 10, columns: 80) == "\u{1B}[Ha\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
        // The last row stays free, and a long line takes two.
        #expect(LiveView.screen(["a", "b", "c"], rows: 3, columns: 80).contains("c") == false)
        #expect(LiveView.screen(["aaaa", "b"], rows: 3, columns: 2).contains("b") == false)
        // Colours take no room.
        #expect(LiveView.screen(["\u{1B}[31maa\u{1B}[0m", "b"], rows: 3, columns: 2).contains("b"))
    }

    /// Neither another screen nor a hidden cursor: Ctrl-C has nothing to restore.
    @Test func aScreenSetsNoStateOfTheTerminal() {
        let text = LiveView.screen(["a"], rows: 3, columns: 3)
        #expect(!text.contains("\u{1B}[?"))
    }

    @Test func elsewhereOnlyChangedLinesAreShown() {
        #expect(LiveView.changes(["a", "c"], since: ["a", "b"]) == ["c"])
        #expect(LiveView.changes(["a  b", "c     d"], since: ["a    b"]) == ["c     d"])
        // As bytes: these are canonically equivalent.
        #expect(LiveView.changes(["\u{E9}"], since: ["e\u{301}"]).count == 1)
    }

    @Loop private final class Clock {
        var now = Instant(nanoseconds: 0)
    }

    /// Shows nothing for short work, then a line at intervals with the remaining time.
    @Test @Loop func showsProgressForLongWork() {
        let clock = Clock()
        let progress = ProgressIndicator(Terminal(), "rebuilding") { clock.now }
        #expect(progress.step(1, of: 100) == nil)
        clock.now = clock.now + .seconds(1)
        #expect(progress.step(10, of: 100) == "rebuilding: 10 of 100 (10 %, 9 s left)")
        clock.now = clock.now + .seconds(1)
        #expect(progress.step(20, of: 100) == nil)
        clock.now = clock.now + .seconds(1)
        #expect(progress.step(50, of: 100) == "rebuilding: 50 of 100 (50 %, 3 s left)")
        clock.now = clock.now + .seconds(9)
        #expect(progress.step(100, of: 100) == nil)
        #expect(progress.step(0, of: 0) == nil)
    }
}
