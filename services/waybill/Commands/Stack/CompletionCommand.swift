import EventLoop
internal import JSON

struct CompletionCommand: Command {
    static let help = CommandHelp(
        name: "completion", arguments: "bash | zsh", summary: "Print the completion script of a shell",
        examples: ["waybill completion bash", "waybill completion zsh"])

    private let shell: ShellCompletion.Shell

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count == 1,
            let shell = ShellCompletion.Shell(rawValue: arguments.positional[0])
        else {
            throw CommandError(
                .usage, "completion takes bash or zsh", remedy: "eval \"$(waybill completion bash)\"")
        }
        self.shell = shell
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let script = ShellCompletion.script(shell)
        if context.console.wantsJSON {
            context.console.print(
                .object([.init("shell", .string(shell.rawValue)), .init("script", .string(script))]))
        } else {
            context.console.print(script)
        }
        return .success
    }
}
