import EventLoop
internal import Glibc
import HTTP
internal import JSON

/// The stack's processes, and their health.
@Loop
struct StackHealth {
    struct Entry: Sendable {
        var name: String
        /// `ready` or `running`, else the problem.
        var state: String
        var pid: Int32?
        var url: String

        var isHealthy: Bool { state == "ready" || state == "running" }

        var json: JSONValue {
            .object([
                .init("name", .string(name)), .init("state", .string(state)),
                .init("healthy", .bool(isHealthy)),
                .init("pid", pid.map { .number(String($0)) } ?? .null), .init("url", .string(url)),
            ])
        }
    }

    private static let limit = Duration.seconds(3)

    private let client = HTTPClient()

    /// The edge, each replica, each server, checked concurrently.
    func check(_ stack: StackFile.Contents) async -> [Entry] {
        var entries = [Entry(name: "edge", state: "", url: stack.edge)]
        var routes = ["\(stack.edge)/healthz"]
        for (kind, replicas) in [
            ("order-accept", stack.accept), ("order-process", stack.process),
            ("order-notification", stack.notification), ("console", stack.console),
        ] {
            for replica in replicas {
                entries.append(Entry(name: kind, state: "", pid: replica.pid, url: replica.url))
                routes.append("\(replica.url)/health/ready")
            }
        }
        let asked = routes.map { route in Loop.task { await health(route) } }
        for (index, task) in asked.enumerated() { entries[index].state = await task.value }
        for (name, pid) in stack.servers {
            entries.append(
                Entry(name: name, state: kill(pid, 0) == 0 ? "running" : "dead", pid: pid, url: "-"))
        }
        return entries
    }

    /// The status word of a health route, with its reasons.
    private func health(_ url: String) async -> String {
        guard let response = try? await client.get(url, within: Self.limit) else { return "no answer" }
        guard let answer = try? JSONValue(parsing: response.body.span) else { return "\(response.status)" }
        let reasons = (answer["reasons"]?.array ?? []).compactMap(\.string)
        let word = answer["status"]?.string ?? "?"
        return (word == "ok" ? "ready" : word)
            + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
    }
}
