import Bytes
import JSON

/// Something that an operator should know and act upon.
struct StatusProblem: Sendable {
    enum Severity: Int, Sendable, Comparable {
        case critical, warning

        static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
        var name: String { self == .critical ? "critical" : "warning" }
    }

    var severity: Severity
    /// For tests and for those who search: `queue.unconsumed`.
    var code: String
    /// Which of its kind it is: replicas, or a queue.
    var subject = ""
    var title: String
    var meaning: String
    var next: String
    /// A page of the console.
    var link: String?
    /// What it leads to, a sentence each.
    var effects: [String] = []
    /// The services that it concerns.
    var services: [String] = []
    /// When it was first seen; in milliseconds since 1970.
    var since: Int64?

    /// The same while the problem lasts.
    var key: String { "\(code) \(subject)" }

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("severity", .string(severity.name)), .init("code", .string(code)),
            .init("subject", .string(subject)), .init("title", .string(title)),
            .init("meaning", .string(meaning)), .init("next", .string(next)),
            .init("effects", .array(effects.map { .string($0) })),
        ]
        if let since { members.append(.init("since", .number(String(since)))) }
        if let link { members.append(.init("link", .string(link))) }
        return .object(members)
    }
}

extension SystemState {
    /// Worst first, and the newest first among equals. What follows from another problem is one of its effects.
    var problems: [StatusProblem] {
        var found = StatusProblem.ofServers(self) + StatusProblem.ofServices(self)
        for symptom in StatusProblem.ofQueues(self) + StatusProblem.ofRecords(self) {
            let cause = found.firstIndex { cause in
                symptom.services.contains { service in
                    isDown(service) && cause.services.contains { $0.hasSameBytes(as: service) }
                }
            }
            if let cause {
                found[cause].effects.append("\(symptom.title). \(symptom.meaning)")
            } else {
                found.append(symptom)
            }
        }
        for index in found.indices { found[index].since = began[ByteString(found[index].key)] }
        return found.enumerated().sorted { left, right in
            (left.element.severity.rawValue, -(left.element.since ?? 0), left.offset)
                < (right.element.severity.rawValue, -(right.element.since ?? 0), right.offset)
        }.map(\.element)
    }

    /// No replica of the service is ready.
    private func isDown(_ service: String) -> Bool {
        let replicas = services.filter { $0.service.hasSameBytes(as: service) }
        return !replicas.isEmpty && !replicas.contains { $0.readiness == .ready }
    }
}
