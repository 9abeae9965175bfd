import EventLoop

/// One command of `waybill`.
@Loop
protocol Command: SendableMetatype {
    /// The command's help, which also defines what the parser accepts.
    nonisolated static var help: CommandHelp { get }
    init(_ arguments: Arguments) throws
    func run(_ context: CommandContext) async throws -> ExitCode
}

struct CommandHelp: Sendable {
    /// What a shell completes a value with.
    enum Values: Sendable, Equatable {
        /// Nothing that the shell could know.
        case unknown
        /// One of these words, and no other.
        case words([String])
        /// One of these words; a command accepts other forms of them.
        case suggestions([String])
        case files
        /// Names of contexts, and of replicas of the stack on this machine.
        case contexts, replicas
    }

    struct Option: Sendable {
        /// Without the dashes.
        var name: String
        /// The placeholder of its value; nil for a switch.
        var value: String?
        var text: String
        var values = Values.unknown
    }

    /// One word, or two for a family of commands: `dlq list`.
    var name: String
    /// Positional arguments, as the usage line shows them.
    var arguments = ""
    var argumentValues = Values.unknown
    var summary: String
    var options: [Option] = []
    /// When it exits with 1, unless that is obvious.
    var exitsWithOne: String?
    /// Complete command lines, each of which a test runs.
    var examples: [String]

    /// The word that several commands share: `dlq`.
    var family: String? { name.contains(" ") ? name.split(separator: " ").first.map(String.init) : nil }
}

/// The inputs of every command.
struct CommandContext: Sendable {
    let console: Terminal
    private let resolved: Result<Deployment, CommandError>

    /// A deployment that cannot be determined is an error of the commands that need one.
    init(_ console: Terminal, _ arguments: Arguments) {
        self.console = console
        do throws(CommandError) { resolved = .success(try Deployment(arguments)) } catch {
            resolved = .failure(error)
        }
    }

    func deployment() throws(CommandError) -> Deployment { try resolved.get() }

    var stack: StackFile { get throws(CommandError) { try deployment().stack } }

    /// Runs `body` with connections to the servers, which are closed afterwards.
    @Loop func withServers<Value>(_ body: @Loop (ServerConnections) async throws -> Value) async throws
        -> Value
    {
        let servers = ServerConnections(try stack.addresses())
        do {
            let value = try await body(servers)
            await servers.close()
            return value
        } catch {
            await servers.close()
            throw error
        }
    }
}
