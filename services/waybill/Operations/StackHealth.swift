import EventLoop
internal import Glibc
import HTTP
internal import JSON
internal import Observability

/// The stack's processes, and their health.
@Loop
struct StackHealth {
    enum State: Sendable, Equatable {
        /// With what it does without.
        case ready(reasons: [String])
        /// A server, of which only the process is looked at here.
        case running
        /// It serves nothing at the moment, and says why: `unavailable`, `draining`, `starting`.
        case unready(String)
        /// There is no such process, or nothing listens at its address.
        case dead
        /// It accepts connections and does not answer whether it lives, or it was stopped by a signal.
        case hung
        /// Another answer than that of a service.
        case strange(String)

        nonisolated var isHealthy: Bool {
            switch self {
            case .ready(let reasons): reasons.isEmpty
            case .running: true
            case .unready, .dead, .hung, .strange: false
            }
        }

        nonisolated var text: String {
            switch self {
            case .ready(let reasons): reasons.isEmpty ? "ready" : "ready (\(reasons.joined(separator: ", ")))"
            case .running: "running"
            case .unready(let text), .strange(let text): text
            case .dead: "dead"
            case .hung: "hung"
            }
        }
    }

    struct Entry: Sendable {
        /// As the stack's scripts name it: `accept-1`, `edge`, `redis`.
        var name: String
        /// `order-accept`; of a server its name.
        var service: String
        var state = State.dead
        var pid: Int32?
        var url = "-"

        nonisolated var json: JSONValue {
            .object([
                .init("name", .string(service)), .init("replica", .string(name)),
                .init("state", .string(state.text)),
                .init("healthy", .bool(state.isHealthy)), .init("hung", .bool(state == .hung)),
                .init("pid", pid.map { .number(String($0)) } ?? .null), .init("url", .string(url)),
            ])
        }
    }

    private static let limit = Duration.seconds(3)
    /// A loop that turns answers `/health/live` within it, however busy it is.
    private static let hangLimit = Duration.seconds(2)

    private let client: HTTPClient

    init() throws(CommandError) { client = try TrustedAuthorities.client() }

    /// The edge, each replica, each server, checked concurrently.
    func check(_ stack: StackFile.Contents) async -> [Entry] {
        var entries = [Entry(name: "edge", service: "edge", pid: stack.edgePid, url: stack.edge)]
        entries += stack.replicas.map { replica in
            Entry(
                name: replica.name, service: replica.service, pid: replica.instance.pid,
                url: replica.instance.url)
        }
        let asked = entries.map { entry in Loop.task { await state(of: entry) } }
        for (index, task) in asked.enumerated() { entries[index].state = await task.value }
        for (name, pid) in stack.servers {
            let state: State = !Self.exists(pid) ? .dead : Self.isStopped(pid) ? .hung : .running
            entries.append(Entry(name: name, service: name, state: state, pid: pid))
        }
        return entries
    }

    private func state(of entry: Entry) async -> State {
        let isEdge = entry.name == "edge"
        let route = isEdge ? "/healthz" : "/health/ready"
        if let response = try? await client.get("\(entry.url)\(route)", within: Self.limit) {
            return Self.state(response)
        }
        if let pid = entry.pid {
            if !Self.exists(pid) { return .dead }
            if Self.isStopped(pid) { return .hung }
        }
        do throws(HTTPError) {
            // The edge answers it alone, whatever its replicas do.
            let live = isEdge ? "/sign-in.json" : "/health/live"
            _ = try await client.get("\(entry.url)\(live)", within: Self.hangLimit)
            // It lives, and its readiness was late.
            return .unready("slow")
        } catch {
            return error.code == .timeout ? .hung : .dead
        }
    }

    /// The status word of a health route, with its reasons.
    private static func state(_ response: HTTPClientResponse) -> State {
        guard let answer = try? JSONValue(parsing: response.body.span), let word = answer["status"]?.string
        else { return .strange("\(response.status)") }
        let reasons = (answer["reasons"]?.array ?? []).compactMap { $0.string?.printable }
        if response.status == .ok { return .ready(reasons: reasons) }
        let text = word.printable
        return .unready(reasons.isEmpty ? text : "\(text) (\(reasons.joined(separator: ", ")))")
    }

    private static func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 || errno == EPERM }

    /// Whether a signal has stopped the process (proc_pid_stat(5), the state after the name, which may hold anything).
    private static func isStopped(_ pid: Int32) -> Bool {
        guard let bytes = SystemCalls.contents(of: "/proc/\(pid)/stat"),
            let end = bytes.lastIndex(of: UInt8(ascii: ")")), end + 2 < bytes.count
        else { return false }
        return [UInt8(ascii: "T"), UInt8(ascii: "t")].contains(bytes[end + 2])
    }
}
