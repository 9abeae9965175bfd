import EventLoop
internal import Glibc

/// Finds the command, runs it, and turns its end into words and an exit code.
@Loop
struct CommandRunner {
    static let commands: [any Command.Type] = [
        TokenCommand.self, OrderCommand.self, OrdersCommand.self, CancelCommand.self, WatchCommand.self,
        StatusCommand.self, SessionsCommand.self, DemoCommand.self,
    ]
    static let globalOptions = [
        CommandHelp.Option(name: "json", text: "print JSON, one document or one line an event"),
        CommandHelp.Option(
            name: "stack", value: "FILE", text: "the stack to talk to (default: var/stack.json)"),
        CommandHelp.Option(name: "help", text: "explain the command"),
    ]

    private let words: [String]

    init(_ words: [String]) { self.words = words }

    func run() async -> ExitCode {
        let console = Console(wantsJSON: words.contains("--json"))
        guard let name = words.first, name != "help" || words.count > 1, name != "--help" else {
            console.print(Help.overview(Self.commands.map { $0.help }))
            return words.isEmpty ? .usage : .success
        }
        let target = name == "help" ? words[1] : name
        guard let command = Self.commands.first(where: { $0.help.name == target }) else {
            console.fail(CommandFailure(.usage, "there is no command \(target)", remedy: "waybill --help"))
            return .usage
        }
        if name == "help" || words.contains("--help") {
            console.print(Help.page(command.help, global: Self.globalOptions))
            return .success
        }
        do {
            let arguments = try Arguments(
                Array(words.dropFirst()), options: command.help.options + Self.globalOptions)
            let context = CommandContext(console: console, stack: StackFile(path: arguments["stack"]))
            return try await runInterruptibly { try await command.init(arguments).run(context) }
        } catch let failure as CommandFailure {
            console.fail(failure)
            return failure.code
        } catch is CancellationError {
            return .interrupted
        } catch {
            console.fail(CommandFailure(.failure, String(describing: error)))
            return .failure
        }
    }

    /// Ctrl-C cancels the command, which may still tidy up; a second one ends the process at once.
    private func runInterruptibly(_ body: @escaping @Loop () async throws -> ExitCode) async throws
        -> ExitCode
    {
        let task = Loop.task { try await body() }
        let signals = try [SIGINT, SIGTERM].map { signal in
            try Loop.onSignal(signal) {
                if task.isCancelled { exit(ExitCode.interrupted.rawValue) }
                task.cancel()
            }
        }
        defer { for signal in signals { signal.cancel() } }
        return try await task.value
    }
}
