internal import Bytes
import EventLoop
internal import JSON

struct WatchCommand: Command {
    static let help = CommandHelp(
        name: "watch", arguments: "[USER]", summary: "Show a user's order updates live, until Ctrl-C",
        options: [
            .init(name: "count", value: "N", text: "end after N final updates"),
            .init(name: "for", value: "SECONDS", text: "end after this time (1 to 86400)"),
        ],
        examples: ["waybill watch CUST-0001", "waybill watch CUST-0001 --json --count 5"])

    /// Nil for the token's.
    private let user: String?
    private let count: Int
    private let seconds: Int

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count <= 1 else {
            throw CommandError(.usage, "watch takes one user", remedy: "waybill watch CUST-0001")
        }
        user = arguments.positional.first
        count = try arguments.integer("count", in: 1...1_000_000, default: .max)
        seconds = try arguments.integer("for", in: 1...86_400, default: 86_400, of: "seconds")
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let console = context.console
        let (user, token) = try await context.credentials(of: self.user)
        let tab = SimulatedTab(
            name: user, addresses: [try context.stack.read().edge], token: token, keepsUpdates: false)
        defer { tab.close() }
        // One line for many attempts that fail alike.
        var reported = ""
        tab.onChange = { frame in
            if case .welcome = frame { reported = "" }
            show(frame, tab, console)
        }
        tab.onFailure = { reason in
            if !reason.hasSameBytes(as: reported) { console.note("not connected, trying again: \(reason)") }
            reported = reason
        }
        tab.open()
        let deadline = Instant.systemNow() + .seconds(seconds)
        while tab.finalCount < count, Instant.systemNow() < deadline {
            try await Loop.sleep(for: .milliseconds(20))
        }
        return .success
    }

    @Loop private func show(_ frame: ServerFrame, _ tab: SimulatedTab, _ console: Terminal) {
        switch frame {
        case .welcome(let replica, _, _): console.note("connected to \(replica)")
        case .update(let update):
            if console.wantsJSON {
                console.print(
                    .object([
                        .init("id", update.offset.map { .number(String($0)) } ?? .null),
                        .init("correlationId", .string(update.correlationID)),
                        .init("orderId", .number(String(update.orderID))),
                        .init("status", .string(update.status)),
                        .init("occurredAt", .string(update.occurredAt)),
                    ]))
            } else {
                let style: Terminal.Style =
                    update.status == "COMPLETED" ? .green : update.isFinal ? .red : .yellow
                console.print(
                    "\(update.occurredAt)  order \(update.orderID)  \(console.styled(update.status, style))")
            }
        case .resumed(let recovered, let count):
            console.note(
                recovered
                    ? "resumed: \(count) missed updates follow" : "resumed with a gap: run waybill orders")
        case .draining: console.note("the replica is draining: moving to another")
        case .error(let code, let detail): console.note("\(code): \(detail)")
        case .other: break
        }
    }
}
