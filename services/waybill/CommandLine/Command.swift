import EventLoop

/// One word after `waybill`.
@Loop
protocol Command {
    /// How it is called and explained: all of the help, and what the parser accepts.
    nonisolated static var help: CommandHelp { get }
    init(_ arguments: Arguments) throws
    func run(_ context: CommandContext) async throws -> ExitCode
}

struct CommandHelp: Sendable {
    struct Option: Sendable {
        /// Without the dashes.
        var name: String
        /// The placeholder of its value; nil for a switch.
        var value: String?
        var text: String
    }

    var name: String
    /// Positional arguments, as the usage line shows them.
    var arguments = ""
    var summary: String
    var options: [Option] = []
    /// Whole command lines, each of which a test runs.
    var examples: [String]
}

/// What every command works with.
struct CommandContext: Sendable {
    let console: Console
    let stack: StackFile
}
