internal import JSON

/// Steps as lines: time since the first one, duration as a bar, replica, text.
struct TimelineText {
    private static let width = 20

    let steps: [JSONValue]

    func lines(_ console: Terminal) -> [String] {
        let times = steps.map { ($0["at"]?.int ?? 0, $0["duration"]?.int ?? 0) }
        let start = times.map(\.0).min() ?? 0
        let whole = max(1, (times.map { $0.0 + $0.1 }.max() ?? 0) - start)
        let replicas = steps.map { ($0["replica"]?.string ?? $0["source"]?.string ?? "").printable }
        let column = replicas.map(\.count).max() ?? 0
        return zip(steps, zip(times, replicas)).map { step, place in
            let ((at, duration), replica) = place
            let offset = Self.milliseconds(at - start)
            let took = duration > 0 ? Self.milliseconds(duration) : ""
            let bar = Self.bar(at - start, duration, of: whole)
            let text = (step["text"]?.string ?? "").printable
            let error = step["error"]?.string.map { ": " + console.styled($0.printable, .red) } ?? ""
            return "\(offset.leftPadded(to: 11))  \(console.styled(bar, .dim))  \(took.leftPadded(to: 9))  "
                + "\(replica.padded(to: column))  \(text)\(error)"
        }
    }

    static func milliseconds(_ microseconds: Int) -> String {
        let sign = microseconds < 0 ? "-" : ""
        let (whole, tenths) = (abs(microseconds) / 1000, abs(microseconds) % 1000 / 100)
        return whole < 100_000 ? "\(sign)\(whole).\(tenths) ms" : "\(sign)\(whole / 1000) s"
    }

    /// Where in the whole time the step was.
    private static func bar(_ start: Int, _ duration: Int, of whole: Int) -> String {
        let first = min(width - 1, max(0, start * width / whole))
        let last = min(width - 1, max(first, (start + duration) * width / whole))
        return (0..<width).map { $0 < first || $0 > last ? "·" : "█" }.joined()
    }
}

extension String {
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: " ", count: max(0, count - self.count))
    }

    fileprivate func leftPadded(to count: Int) -> String {
        String(repeating: " ", count: max(0, count - self.count)) + self
    }
}
