internal import Bytes
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
        name: "user", value: "USER", text: "whose orders (default: the token's user, else CUST-0001)")
}

extension CommandContext {
    /// The routes of the edge, as `user`.
    @Loop func api(as user: String?) async throws -> OrderAPI {
        try OrderAPI(base: try deployment().stack.read().edge, token: try await credentials(of: user).token)
    }

    /// The given token, which must be of `user` if one is named; else a development token of `user`.
    @Loop func credentials(of user: String?) async throws -> (user: String, token: String) {
        guard let token = try deployment().token else {
            let user = user ?? "CUST-0001"
            return (user, try await developmentToken(for: user))
        }
        guard user.map({ $0.hasSameBytes(as: token.user) }) ?? true else {
            throw CommandError(
                .usage, "the token is of \(token.user.printable), not of \(user?.printable ?? "")",
                remedy: "leave the user out, or give that user's token")
        }
        return (token.user, token.reveal())
    }

    @Loop func developmentToken(for user: String) async throws -> String {
        let answer = try await OrderAPI.token(for: user, at: deployment().stack.read().edge)
        guard let token = answer["token"]?.string else {
            throw CommandError(.failure, "the response has no token", remedy: "waybill status")
        }
        return token
    }
}
