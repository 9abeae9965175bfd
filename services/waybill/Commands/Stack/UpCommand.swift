import EventLoop
internal import JSON

struct UpCommand: Command {
    static let help = CommandHelp(
        name: "up",
        summary: "Start what does not run of the local stack, restart what hangs, and wait until it is ready",
        options: [
            .init(
                name: "notifiers", value: "N",
                text: "replicas of order-notification (1 to 40; not fewer than run; else 2)"),
            .init(
                name: "acceptors", value: "N",
                text: "replicas of order-accept (1 to 10; not fewer than run; else 1)"),
            .init(
                name: "processors", value: "N",
                text: "replicas of order-process (1 to 10; not fewer than run; else 1)"),
        ],
        exitsWithOne: "a process did not start; the error names it",
        examples: ["waybill up", "waybill up --notifiers 3 --processors 2", "waybill up --json"])

    private static let replicas = [
        (option: "notifiers", variable: "WAYBILL_NOTIFIERS", maximum: 40),
        (option: "acceptors", variable: "WAYBILL_ACCEPTORS", maximum: 10),
        (option: "processors", variable: "WAYBILL_PROCESSORS", maximum: 10),
    ]

    private var environment: [String: String] = [:]

    init(_ arguments: Arguments) throws {
        try arguments.expectNone("up")
        for (option, variable, maximum) in Self.replicas where arguments[option] != nil {
            environment[variable] = String(try arguments.integer(option, in: 1...maximum, default: 1))
        }
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let checkout = try DevStackRunner()
        let ended = try await checkout.run("stack", ["up"], environment: environment)
        guard ended.status == 0 else {
            throw CommandError(.failure, "the stack did not start", remedy: "waybill doctor")
        }
        let path = try await checkout.run("stack", ["path"], catching: true).output
        let file = StackFile(path: path.split(separator: "\n").first.map(String.init))
        let stack = try file.read()
        if context.console.wantsJSON {
            context.console.print(
                .object([.init("edge", .string(stack.edge)), .init("stack", .string(file.path))]))
        } else {
            context.console.print(stack.edge)
        }
        if let url = try? context.stack.url {
            context.console.note(
                "Commands talk to \(url); to this stack with --context \(ContextFile.local).")
        }
        return .success
    }
}
