internal import EventLoop
internal import JSON
internal import Observability

struct AddContextCommand: Command {
    static let help = CommandHelp(
        name: "context add", arguments: "NAME --url URL [--token-file FILE | --token TOKEN]",
        summary: "Name a deployment, with the token to act with; a context of that name is replaced",
        examples: [
            "waybill context add shop --url https://shop.example",
            "waybill context add shop --url https://shop.example --token-file token.txt",
        ])

    private let name: String
    private let arguments: Arguments

    init(_ arguments: Arguments) throws {
        name = try arguments.contextName("context add")
        self.arguments = arguments
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        guard let address = arguments["url"] else {
            throw CommandError(
                .usage, "a context needs an address",
                remedy: "waybill context add \(name.printable) --url https://shop.example")
        }
        let url = try ContextFile.url(address, from: "--url")
        var file = try ContextFile.own()
        try file.add(.init(name: name, url: url, token: try token()))
        try file.write()
        let console = context.console
        if console.wantsJSON {
            console.print(.object([.init("name", .string(name)), .init("url", .string(url))]))
        } else {
            console.print("\(name) is \(url)")
            console.note("waybill context use \(name) makes it the default")
        }
        return .success
    }

    /// A file is read at each use; now, to refuse what is no token.
    private func token() throws(CommandError) -> ContextFile.Token? {
        let now = WallClock.seconds()
        if let path = arguments["token-file"] {
            guard arguments["token"] == nil else {
                throw CommandError(
                    .usage, "--token and --token-file name two tokens", remedy: "give one of them")
            }
            _ = try AccessToken(file: path, now: now)
            return .file(try absolute(path))
        }
        return try arguments["token"].map { (text) throws(CommandError) in
            .text(Secret(try AccessToken(text, from: "--token", now: now).reveal()))
        }
    }

    private func absolute(_ path: String) throws(CommandError) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = SystemCalls.destination(ofLink: "/proc/self/cwd") else {
            throw CommandError(
                .failure, "the working directory is not known", remedy: "give the whole path of \(path)")
        }
        return "\(folder)/\(path)"
    }
}
