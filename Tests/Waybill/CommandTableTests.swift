import EventLoop
import Service
import Testing

@testable import Waybill

@Suite struct CommandTableTests {
    private func found(_ words: String...) -> String {
        switch CommandTable.find(words) {
        case .command(let command, let rest): "\(command.help.name) < \(rest.joined(separator: " "))"
        case .family(let name, let commands): "\(name): \(commands.count)"
        case .unknown(let name): "? \(name)"
        }
    }

    @Test func findsCommandsByOneOrTwoWords() {
        #expect(found("status", "--json") == "status < --json")
        #expect(found("dlq", "replay", "--all") == "dlq replay < --all")
        #expect(found("views", "rebuild") == "views rebuild < ")
    }

    @Test func commonOptionsMayComeFirst() {
        #expect(found("--url", "http://x", "--json", "dlq", "list") == "dlq list < --url http://x --json")
        #expect(found("--url=http://x", "status") == "status < --url=http://x")
        #expect(!CommandTable.hasCommand(["--url", "http://x", "--json"]))
        #expect(CommandTable.hasCommand(["--url", "http://x", "status"]))
    }

    @Test func aSharedWordFindsItsFamily() {
        #expect(found("dlq") == "dlq: 4")
        #expect(found("migrate", "--json") == "migrate: 2")
    }

    @Test func refusesUnknownCommands() {
        #expect(found("frobnicate") == "? frobnicate")
        #expect(found("dlq", "eat") == "? dlq eat")
    }

    /// A word is either a command or a family of commands.
    @Test func noCommandHasAFamilysName() {
        let families = Set(CommandTable.all.compactMap { $0.help.family })
        #expect(families.isDisjoint(with: CommandTable.all.map { $0.help.name }))
    }

    @Test func theOverviewListsEveryCommandAndExitCode() {
        let text = Help.overview(CommandTable.groups.map { ($0.title, $0.commands.map { $0.help }) })
        for command in CommandTable.all { #expect(text.contains("  \(command.help.name) ")) }
        for code in ExitCode.allCases { #expect(text.contains(" \(code.rawValue) ")) }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test func aPageShowsOptionsAndExamples() {
        let text = Help.page(DropDeadLettersCommand.help, global: CommandTable.globalOptions)
        #expect(text.contains("Usage: waybill dlq drop MESSAGE… | --all [OPTIONS]"))
        for part in [
            "--queue QUEUE", "--yes", "--json", "Exits with 1 when", "Examples:\n  waybill dlq drop",
        ] {
            #expect(text.contains(part))
        }
    }

    /// The completion scripts know an option by its name alone.
    @Test func optionsOfOneNameTakeTheSameValues() {
        var known: [String: CommandHelp.Option] = [:]
        for option in CommandTable.all.flatMap({ $0.help.options }) + CommandTable.globalOptions {
            let first = known[option.name] ?? option
            #expect((first.value == nil) == (option.value == nil), "--\(option.name)")
            #expect(first.values == option.values, "--\(option.name)")
            known[option.name] = option
        }
    }

    @Test func noCommandTakesAnOptionOfEveryCommand() {
        let global = Set(CommandTable.globalOptions.map(\.name))
        for command in CommandTable.all {
            #expect(global.isDisjoint(with: command.help.options.map(\.name)), "\(command.help.name)")
        }
    }

    // MARK: The command line

    private static func output(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    }

    @Test func everyCommandPrintsTheVersion() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            exit(
                Loop.run {
                    var codes: Set<Int32> = []
                    for command in CommandTable.all {
                        let words = command.help.name.split(separator: " ").map(String.init)
                        for line in [words + ["--version"], ["--version"] + words] {
                            codes.insert(await CommandRunner(line).run().rawValue)
                        }
                    }
                    return codes == [0] ? 0 : 1
                })
        }
        let lines = Self.output(result).split(separator: "\n").filter { $0.hasPrefix("waybill ") }
        #expect(lines.count == 2 * CommandTable.all.count)
        #expect(Set(lines) == ["waybill \(Version.current)"])
    }

    @Test func aLetterAsksForHelpEverywhere() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            exit(
                Loop.run {
                    let families = CommandTable.all.compactMap { $0.help.family }
                    var codes: Set<Int32> = []
                    for name in CommandTable.all.map({ $0.help.name }) + families + [""] {
                        let words = name.split(separator: " ").map(String.init) + ["-h"]
                        codes.insert(await CommandRunner(words).run().rawValue)
                    }
                    return codes == [0] ? 0 : 1
                })
        }
        let output = Self.output(result)
        for command in CommandTable.all { #expect(output.contains("Usage: waybill \(command.help.name)")) }
    }

    @Test func whatFollowsTwoDashesIsNoOption() async {
        let result = await #expect(
            processExitsWith: .exitCode(ExitCode.usage.rawValue), observing: [\.standardErrorContent]
        ) {
            exit(Loop.run { await CommandRunner(["token", "--", "--version", "-h"]).run().rawValue })
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("token takes one user"))
    }
}
