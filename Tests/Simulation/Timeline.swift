import EventLoop
import Foundation

/// What happened in a run, for the report of a failed seed: what happened to the servers, and, when the run is told in full,
/// what each client did and heard.
@Loop
struct Timeline {
    struct Entry: Sendable {
        /// Since the run began.
        var seconds: Double
        /// Of whom it is told.
        var lane: String
        var text: String

        var line: String {
            "\(String(format: "%8.3f", seconds)) s  \(lane == Timeline.servers ? "" : "\(lane): ")\(text)"
        }
    }

    private(set) var entries: [Entry] = []
    private let begin = Loop.now
    private let isFull: Bool
    nonisolated static let servers = "servers and replicas"

    init(isFull: Bool) { self.isFull = isFull }

    func seconds(_ at: Instant) -> Double { begin.duration(to: at).seconds }

    mutating func note(_ text: String) { note(Self.servers, text) }

    /// Of a client: its text is not even made in a run that is not told in full.
    mutating func note(of client: @autoclosure () -> String, _ text: @autoclosure () -> String) {
        if isFull { note(client(), text()) }
    }

    private mutating func note(_ lane: String, _ text: String) {
        entries.append(Entry(seconds: seconds(Loop.now), lane: lane, text: text))
    }
}

extension Outcome {
    /// A page with a column for the servers and for each client, from top to bottom in the order of time.
    var page: String {
        var lanes: [String] = [Timeline.servers]
        for entry in timeline where !lanes.contains(entry.lane) { lanes.append(entry.lane) }
        func escaped(_ text: String) -> String {
            text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        }
        let heads = lanes.map { "<th scope=col>\(escaped($0))</th>" }.joined()
        let rows = timeline.map { entry in
            let cells = lanes.map { $0 == entry.lane ? "<td>\(escaped(entry.text))</td>" : "<td></td>" }
                .joined()
            return "<tr><th scope=row>\(String(format: "%.3f", entry.seconds))</th>\(cells)</tr>"
        }.joined(separator: "\n")
        return """
            <!doctype html>
            <html lang=en><meta charset=utf-8><title>Seed \(seed)</title>
            <style>
            body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color-scheme: light dark }
            table { border-collapse: collapse }
            th, td { padding: .2rem .6rem; text-align: left; vertical-align: top; border-left: 1px solid #8886 }
            thead th { position: sticky; top: 0; background: Canvas }
            tbody th { font-variant-numeric: tabular-nums; font-weight: normal; text-align: right }
            td:not(:empty) { background: #8882; min-width: 12ch }
            td:nth-child(2):not(:empty) { background: #e6a23c44 }
            </style>
            <h1>Seed \(seed)</h1>
            <p>\(escaped(plan.description)). Replay: <code>SEED=\(seed) SEEDS=1 make simulate</code></p>
            <ul>\(faults.map { "<li>\(escaped($0))</li>" }.joined())</ul>
            <table><thead><tr><th scope=col>seconds</th>\(heads)</tr></thead><tbody>
            \(rows)
            </tbody></table>
            """
    }
}
