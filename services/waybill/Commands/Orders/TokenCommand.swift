import EventLoop
internal import JSON

struct TokenCommand: Command {
    static let help = CommandHelp(
        name: "token", arguments: "USER", summary: "Mint a development token for a user",
        examples: ["waybill token CUST-0001", "waybill token CUST-0001 --json"])

    private let user: String

    init(_ arguments: Arguments) throws {
        guard arguments.positional.count == 1 else {
            throw CommandError(.usage, "token takes one user", remedy: "waybill token CUST-0001")
        }
        user = arguments.positional[0]
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let answer = try await OrderAPI.token(for: user, at: context.stack.read().edge)
        if context.console.wantsJSON {
            context.console.print(answer)
        } else {
            context.console.print(answer["token"]?.string ?? "")
        }
        return .success
    }
}

extension CommandHelp.Option {
    static let user = CommandHelp.Option(
        name: "user", value: "USER", text: "whose orders (default: CUST-0001)")
}

extension Arguments {
    var user: String { self["user"] ?? "CUST-0001" }
}

extension CommandContext {
    /// The routes of the edge with a new development token for `user`.
    @Loop func api(as user: String) async throws -> OrderAPI {
        OrderAPI(base: try stack.read().edge, token: try await token(for: user))
    }

    @Loop func token(for user: String) async throws -> String {
        guard let token = try await OrderAPI.token(for: user, at: stack.read().edge)["token"]?.string else {
            throw CommandError(.failure, "the response has no token")
        }
        return token
    }
}
