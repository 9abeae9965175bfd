import EventLoop
internal import Glibc
import HTTP
internal import JSON

struct StatusCommand: Command {
    static let help = CommandHelp(
        name: "status", summary: "Show what runs, whether it is healthy, and where",
        examples: ["waybill status", "waybill status --json"])

    private struct Entry {
        var name: String
        var state: String
        var pid: Int32?
        var url: String
        var isHealthy: Bool { state == "ready" || state == "running" }
    }

    init(_ arguments: Arguments) throws {
        guard arguments.positional.isEmpty else { throw CommandFailure(.usage, "status takes no arguments") }
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let stack = try context.stack.read()
        var entries = [Entry(name: "edge", state: await health("\(stack.edge)/healthz"), url: stack.edge)]
        for (kind, services) in [
            ("order-accept", stack.accept), ("order-process", stack.process),
            ("order-notification", stack.notification),
        ] {
            for service in services {
                let state = await health("\(service.url)/health/ready")
                entries.append(Entry(name: kind, state: state, pid: service.pid, url: service.url))
            }
        }
        for (name, pid) in stack.servers {
            entries.append(
                Entry(name: name, state: kill(pid, 0) == 0 ? "running" : "dead", pid: pid, url: "-"))
        }
        show(entries, context.console)
        return entries.allSatisfy(\.isHealthy) ? .success : .failure
    }

    /// The status word of a health route, with its reasons.
    @Loop private func health(_ url: String) async -> String {
        guard let response = try? await Client().get(url, within: .seconds(3)) else { return "no answer" }
        guard let answer = try? JSONValue(parsing: response.body.span) else { return "\(response.status)" }
        let reasons = (answer["reasons"]?.array ?? []).compactMap(\.string)
        let word = answer["status"]?.string ?? "?"
        return (word == "ok" ? "ready" : word)
            + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
    }

    private func show(_ entries: [Entry], _ console: Console) {
        if console.wantsJSON {
            let list = entries.map { entry in
                JSONValue.object([
                    .init("name", .string(entry.name)), .init("state", .string(entry.state)),
                    .init("healthy", .bool(entry.isHealthy)),
                    .init("pid", entry.pid.map { .number(String($0)) } ?? .null),
                    .init("url", .string(entry.url)),
                ])
            }
            return console.print(.array(list))
        }
        var table = Table(["what", "state", "pid", "url"])
        for entry in entries {
            table.add([entry.name, entry.state, entry.pid.map(String.init) ?? "-", entry.url])
        }
        console.print(table.text(console))
    }
}
