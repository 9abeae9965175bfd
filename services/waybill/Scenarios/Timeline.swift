import EventLoop

/// The timeline of a run: events for people and samples for the chart.
struct Timeline: Sendable {
    enum Kind: String, Sendable {
        case note, fault, recovery, trouble
    }

    struct Entry: Sendable {
        /// Since the first order.
        var at: Duration
        var kind: Kind
        var text: String
    }

    /// One sample of the totals.
    struct Sample: Sendable {
        var at: Duration
        /// Clients by the replica that they are connected to.
        var connections: [Int]
        /// Orders accepted, and attempts refused or broken, since the start.
        var accepted: Int
        var refused: Int
    }

    /// A period in which a client was disconnected.
    struct Absence: Sendable {
        var client: Int
        var from: Duration
        /// nil while it lasts.
        var to: Duration?
    }

    /// An order's final update at a client.
    struct Arrival: Sendable {
        /// When the order was sent.
        var at: Duration
        var took: Duration
        var wireProtocol: ScenarioClient.WireProtocol
        var isQueried: Bool
    }

    let start: Instant
    private(set) var entries: [Entry] = []
    private(set) var samples: [Sample] = []
    private(set) var absences: [Absence] = []
    /// When a client received a gap notice.
    private(set) var gaps: [(client: Int, at: Duration)] = []
    var arrivals: [Arrival] = []
    private var open: [Int: Int] = [:]

    init(start: Instant) { self.start = start }

    var now: Duration { start.duration(to: .systemNow()) }

    mutating func note(_ kind: Kind, _ text: String) -> Entry {
        let entry = Entry(at: now, kind: kind, text: text)
        entries.append(entry)
        return entry
    }

    mutating func sample(_ connections: [Int], accepted: Int, refused: Int) {
        samples.append(Sample(at: now, connections: connections, accepted: accepted, refused: refused))
    }

    mutating func disconnected(_ client: Int) {
        guard open[client] == nil else { return }
        open[client] = absences.count
        absences.append(Absence(client: client, from: now))
    }

    mutating func reconnected(_ client: Int) {
        guard let index = open.removeValue(forKey: client) else { return }
        absences[index].to = now
    }

    mutating func gap(_ client: Int) { gaps.append((client, now)) }

    /// The longest absence that began at or after a moment.
    func longestAbsence(since moment: Duration) -> Duration? {
        absences.filter { $0.from >= moment }.compactMap { absence in absence.to.map { $0 - absence.from } }
            .max()
    }
}

extension Timeline.Entry {
    /// Since the beginning, with one decimal.
    var seconds: String {
        let tenths = at.nanoseconds / 100_000_000
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    var line: String { String(repeating: " ", count: max(0, 6 - seconds.count)) + "\(seconds) s  \(text)" }
}
