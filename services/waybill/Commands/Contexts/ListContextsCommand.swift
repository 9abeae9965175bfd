internal import Bytes
internal import JSON

struct ListContextsCommand: Command {
    static let help = CommandHelp(
        name: "context list", summary: "List the named deployments; the chosen one has a star",
        examples: ["waybill context list", "waybill context list --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("context list") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let file = try ContextFile.own()
        let console = context.console
        var table = Table(["", "name", "address", "token"])
        table.add([file.chosen == nil ? "*" : "", ContextFile.local, "the stack on this machine", "-"])
        var list: [JSONValue] = []
        for entry in file.entries {
            let isChosen = file.chosen.map { $0.hasSameBytes(as: entry.name) } ?? false
            let token =
                switch entry.token {
                case .text: "stored"
                case .file(let path): path
                case nil: "-"
                }
            table.add([isChosen ? "*" : "", entry.name, entry.url, token].map(\.printable))
            list.append(
                .object([
                    .init("name", .string(entry.name)), .init("url", .string(entry.url)),
                    .init("current", .bool(isChosen)), .init("hasToken", .bool(entry.token != nil)),
                ]))
        }
        console.print(console.wantsJSON ? JSONValue.array(list).text : table.text(console))
        return .success
    }
}
