internal import EventLoop
internal import Observability
internal import Service

/// The deployment that a command talks to, and the token with which it acts there: by its options, else by the
/// environment, else the chosen context, else the stack of this machine.
struct Deployment: Sendable {
    let stack: StackFile
    /// Nil where development tokens are minted.
    let token: AccessToken?

    private enum Address {
        case local(path: String?)
        case url(String)
        case context(ContextFile.Entry)
    }

    /// - Parameter now: seconds since 1970.
    init(
        _ arguments: Arguments, _ environment: Environment = .process(), now: Int = WallClock.seconds()
    ) throws(CommandError) {
        let address = try Self.address(arguments, environment)
        switch address {
        case .local(let path): stack = StackFile(path: path, environment: environment)
        case .url(let url): stack = StackFile(url: url, environment: environment)
        case .context(let entry): stack = StackFile(url: entry.url, environment: environment)
        }
        token = try Self.token(arguments, environment, address, now)
    }

    private static func address(
        _ arguments: Arguments, _ environment: Environment
    ) throws(CommandError) -> Address {
        let given = ["url", "context", "stack"].filter { arguments[$0] != nil }
        guard given.count < 2 else {
            throw CommandError(
                .usage, "--\(given[0]) and --\(given[1]) name two deployments", remedy: "give one of them")
        }
        if let url = arguments["url"] { return .url(try ContextFile.url(url, from: "--url")) }
        if let name = arguments["context"] { return try context(name, environment) }
        if let path = arguments["stack"] { return .local(path: path) }
        if let url = environment["WAYBILL_URL"] {
            return .url(try ContextFile.url(url, from: "WAYBILL_URL="))
        }
        if let name = environment["WAYBILL_CONTEXT"] { return try context(name, environment) }
        if StackFile.isNamed(by: environment) { return .local(path: nil) }
        // Without a home folder nothing can have been chosen.
        guard let path = try? ContextFile.path(in: environment) else { return .local(path: nil) }
        let file = try ContextFile(path: path)
        guard let chosen = file.chosen else { return .local(path: nil) }
        return .context(try file.entry(named: chosen))
    }

    private static func context(
        _ name: String, _ environment: Environment
    ) throws(CommandError) -> Address {
        if name == ContextFile.local { return .local(path: nil) }
        return .context(try ContextFile(path: ContextFile.path(in: environment)).entry(named: name))
    }

    /// A context's token goes to the context's address alone.
    private static func token(
        _ arguments: Arguments, _ environment: Environment, _ address: Address, _ now: Int
    ) throws(CommandError) -> AccessToken? {
        if let path = arguments["token-file"] {
            guard arguments["token"] == nil else {
                throw CommandError(
                    .usage, "--token and --token-file name two tokens", remedy: "give one of them")
            }
            return try AccessToken(file: path, now: now)
        }
        if let text = arguments["token"] { return try AccessToken(text, from: "--token", now: now) }
        if let token = try AccessToken.of(environment, now: now) { return token }
        guard case .context(let entry) = address else { return nil }
        switch entry.token {
        case .text(let secret):
            return try AccessToken(secret.reveal(), from: "the context \(entry.name)", now: now)
        case .file(let path): return try AccessToken(file: path, now: now)
        case nil: return nil
        }
    }
}
