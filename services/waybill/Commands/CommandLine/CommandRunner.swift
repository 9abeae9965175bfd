import EventLoop
internal import Glibc
internal import JSON
internal import Service

/// Finds the command, runs it, and maps its result to a message and an exit code.
@Loop
struct CommandRunner {
    private let words: [String]

    init(_ words: [String]) { self.words = words }

    func run() async -> ExitCode {
        // What follows two dashes belongs to the command.
        let options = words.prefix { $0 != "--" }
        let console = Terminal(OutputFormat(in: options))
        if options.contains("--version") {
            let version = JSONValue.object([.init("version", .string(Version.current))])
            console.print(console.wantsJSON ? version.text : "waybill \(Version.current)")
            return .success
        }
        let asksForHelp = words.first == "help" || options.contains { Self.helpOptions.contains($0) }
        let named =
            words.first == "help"
            ? Array(words.dropFirst())
            : options.filter { !Self.helpOptions.contains($0) } + words[options.endIndex...]
        guard CommandTable.hasCommand(named) else {
            Help.show(overview: console)
            return asksForHelp ? .success : .usage
        }
        switch CommandTable.find(named) {
        case .family(let name, let commands):
            Help.show(family: name, commands.map { $0.help }, console)
            return asksForHelp ? .success : .usage
        case .unknown(let name):
            console.fail(
                CommandError(.usage, "there is no command \(name.printable)", remedy: "waybill --help"))
            return .usage
        case .command(let command, _) where asksForHelp:
            Help.show(command: command.help, console)
            return .success
        case .command(let command, let rest): return await run(command, rest, console)
        }
    }

    private static let helpOptions = ["--help", "-h"]

    private func run(_ command: any Command.Type, _ rest: [String], _ console: Terminal) async -> ExitCode {
        do {
            let arguments = try Arguments(rest, options: command.help.options + CommandTable.globalOptions)
            let context = CommandContext(console, arguments)
            return try await runInterruptibly { try await command.init(arguments).run(context) }
        } catch let failure as CommandError {
            console.fail(failure)
            return failure.code
        } catch is CancellationError {
            return .interrupted
        } catch {
            console.fail(
                CommandError(
                    .failure, String(describing: error), noRemedy: "an error that no command has foreseen"))
            return .failure
        }
    }

    /// Ctrl-C cancels the command, which may still clean up; a second one ends the process at once.
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
