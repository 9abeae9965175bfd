import Foundation
import TestSupport
import Testing

@testable import Waybill

/// The completion scripts, each run by its shell. `make test-deps` installs those of other shells than bash.
@Suite struct CompletionTests {
    /// What a shell offers for a command line whose last word is incomplete.
    private func completions(_ shell: ShellCompletion.Shell, _ words: [String]) async throws -> Set<String> {
        let folder = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = folder.appending(path: "script").path()
        try ShellCompletion.script(shell).write(toFile: script, atomically: true, encoding: .utf8)
        // The scripts ask it for names.
        let stub = folder.appending(path: "waybill").path()
        try "#!/bin/sh\n[ \"$1\" = completion ] && echo \"one-$2\" && echo \"two-$2\"\n".write(
            toFile: stub, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: stub)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let result = try await Program.run(
            Self.command(shell, words, script: script),
            environment: ["PATH": "\(folder.path()):\(path)", "HOME": folder.path()])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return Set(result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) })
    }

    private static func command(
        _ shell: ShellCompletion.Shell, _ words: [String], script: String
    ) -> [String] {
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        switch shell {
        case .bash:
            return [
                "bash", "-euo", "pipefail", "-c",
                """
                source '\(script)'
                COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1)
                _waybill; printf '%s\\n' "${COMPREPLY[@]}"
                """,
            ]
        case .zsh:
            // Outside its line editor, zsh has neither words to complete nor a list to add to.
            return [
                "zsh", "-fc",
                """
                compdef() { : }
                _files() { print -l -- \(script) }
                offer() { for each in "$@"; do if [[ $each == "${words[CURRENT]}"* ]]; then print -r -- "$each"; fi; done }
                compset() { words[CURRENT]=${words[CURRENT]#*=} }
                compadd() { while [[ $1 == -* && $1 != -- ]]; do shift; done; shift; offer "$@" }
                _describe() { offer "${(@)${(@P)2}%%:*}" }
                source '\(script)'
                words=(\(quoted)); CURRENT=\(words.count)
                _waybill
                """,
            ]
        case .fish:
            let line = words.joined(separator: " ")
            return ["fish", "--no-config", "-c", "source '\(script)'; complete -C '\(line)'"]
        }
    }

    static func isInstalled(_ shell: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(shell)")
        }
    }

    private static let installed = ShellCompletion.Shell.allCases.filter { isInstalled($0.rawValue) }

    @Test(arguments: installed) func completesCommands(shell: ShellCompletion.Shell) async throws {
        let all = try await completions(shell, ["waybill", ""])
        #expect(
            all.isSuperset(of: ["up", "order", "dlq", "outbox", "views", "context", "completion", "help"]))
        #expect(!all.contains("list"))
        #expect(try await completions(shell, ["waybill", "st"]) == ["status"])
        #expect(try await completions(shell, ["waybill", "dlq", ""]) == ["list", "show", "replay", "drop"])
        #expect(try await completions(shell, ["waybill", "help", "wat"]) == ["watch"])
    }

    @Test(arguments: installed) func completesOptions(shell: ShellCompletion.Shell) async throws {
        #expect(try await completions(shell, ["waybill", "dlq", "drop", "--y"]) == ["--yes"])
        #expect(try await completions(shell, ["waybill", "order", "--w"]) == ["--watch"])
        #expect(
            try await completions(shell, ["waybill", "order", "AZ-104", "--tok"]) == [
                "--token", "--token-file",
            ])
        #expect(try await completions(shell, ["waybill", "--cont"]) == ["--context"])
    }

    @Test(arguments: installed) func completesValues(shell: ShellCompletion.Shell) async throws {
        #expect(
            try await completions(shell, ["waybill", "dlq", "list", "--queue", "order.p"])
                == ["order.processed"])
        #expect(
            try await completions(shell, ["waybill", "status", "--output", ""]) == ["json", "table", "wide"])
        #expect(try await completions(shell, ["waybill", "logs", "--level", "warn"]) == ["warning"])
        #expect(try await completions(shell, ["waybill", "completion", "z"]) == ["zsh"])
        #expect(try await completions(shell, ["waybill", "demo", "f"]) == ["failover"])
    }

    /// They change: the scripts ask the command.
    @Test(arguments: installed) func completesNames(shell: ShellCompletion.Shell) async throws {
        #expect(
            try await completions(shell, ["waybill", "status", "--context", ""])
                == ["one-contexts", "two-contexts"])
        #expect(try await completions(shell, ["waybill", "context", "use", "one"]) == ["one-contexts"])
        #expect(
            try await completions(shell, ["waybill", "metrics", ""]) == ["one-replicas", "two-replicas"])
        #expect(try await completions(shell, ["waybill", "logs", "x", "two"]) == ["two-replicas"])
    }

    /// An option's value is no command.
    @Test(arguments: installed) func findsTheCommandPastOptions(shell: ShellCompletion.Shell) async throws {
        #expect(try await completions(shell, ["waybill", "--context", "status", "dl"]) == ["dlq"])
        #expect(
            try await completions(shell, ["waybill", "--json", "--url", "x", "dlq", "sh"]) == ["show"])
    }

    @Test(.enabled(if: isInstalled("zsh"))) func zshCompletesAValueAfterAnEqualsSign() async throws {
        #expect(try await completions(.zsh, ["waybill", "status", "--output=w"]) == ["wide"])
        #expect(
            try await completions(.zsh, ["waybill", "status", "--context="]) == [
                "one-contexts", "two-contexts",
            ])
    }

    @Test func bashCompletesAValueAfterAnEqualsSign() async throws {
        #expect(try await completions(.bash, ["waybill", "status", "--output", "=", "w"]) == ["wide"])
        #expect(
            try await completions(.bash, ["waybill", "status", "--output", "="]) == ["json", "table", "wide"])
    }
}
