import EventLoop
import TestSupport
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
        #expect(found("--edge", "http://x", "--json", "dlq", "list") == "dlq list < --edge http://x --json")
        #expect(found("--edge=http://x", "status") == "status < --edge=http://x")
        #expect(found("--edge") == "? ")
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

    // MARK: Completion

    /// The completions that the bash script offers for a line.
    private func completions(_ words: String...) async throws -> Set<String> {
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            \(ShellCompletion.script(.bash))
            COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1)
            _waybill; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try await Program.run(["bash", "-euo", "pipefail", "-c", script])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return Set(result.output.split(separator: "\n").map(String.init))
    }

    @Test func bashCompletesCommands() async throws {
        let all = try await completions("waybill", "")
        #expect(all.isSuperset(of: ["up", "order", "dlq", "outbox", "views", "completion", "help"]))
        #expect(try await completions("waybill", "st") == ["status"])
        #expect(try await completions("waybill", "dlq", "") == ["list", "show", "replay", "drop"])
        #expect(try await completions("waybill", "completion", "z") == ["zsh"])
    }

    @Test func bashCompletesOptionsAndTheirValues() async throws {
        #expect(try await completions("waybill", "dlq", "drop", "--y") == ["--yes"])
        #expect(
            try await completions("waybill", "dlq", "list", "--queue", "order.p") == ["order.processed"])
        #expect(try await completions("waybill", "order", "--w") == ["--watch"])
    }

    @Test func zshCompletesTheSame() {
        let script = ShellCompletion.script(.zsh)
        #expect(script.hasPrefix("#compdef waybill\n"))
        for command in CommandTable.all where command.help.family == nil {
            #expect(script.contains("'\(command.help.name):"))
        }
        #expect(script.contains("compadd order.accepted order.processed order.failed"))
    }
}
