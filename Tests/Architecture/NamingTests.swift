import Testing

/// Names of types across the whole package.
@Suite struct NamingTests {
    /// Two modules with a type of one bare name force every reader to ask which one is meant. Types that a file
    /// keeps to itself, and those nested in another, are exempt, as is each service's composition root.
    @Test func noTwoModulesDeclareTheSameType() {
        var modules: [String: Set<String>] = [:]
        for rule in ModuleRule.all {
            for file in SourceTree.files(in: rule.folder) {
                for name in file.topLevelTypes { modules[name, default: []].insert(rule.module) }
            }
        }
        modules["Application"] = nil
        for (name, owners) in modules where owners.count > 1 {
            Issue.record("\(name) is declared by \(owners.sorted().joined(separator: " and "))")
        }
    }

    /// A protocol client's package types carry its prefix, as in `RedisClient`; RFC 6455 and HTML name the others.
    @Test func packageTypesCarryTheirLibrarysPrefix() {
        let prefixes = [
            "AMQP": ["AMQP"], "HTTP": ["HTTP", "WebSocket", "ServerSentEvent"], "JSON": ["JSON"],
            "Postgres": ["Postgres"], "Redis": ["Redis"],
        ]
        for (module, allowed) in prefixes {
            for file in SourceTree.files(in: "libs/\(module)") {
                for name in file.packageTypes where !allowed.contains(where: { name.hasPrefix($0) }) {
                    Issue.record("\(file.path) declares \(name) without the prefix \(allowed[0])")
                }
            }
        }
    }

    @Test func findsDeclarationsOfEveryForm() {
        let source = """
            package struct A: Sendable {
                struct Nested {}
            }
            @Loop
            package final class B {}
            private enum C {}
            typealias D = Int
            extension A { package enum E {} }
            @Loop protocol F {}
            """
        let file = SourceFile(path: "x.swift", source: Array(source.utf8))
        #expect(file.topLevelTypes == ["A", "B", "D", "F"])
        #expect(file.packageTypes == ["A", "B"])
    }
}

extension SourceFile {
    /// Types declared at the start of a line, except those private to the file.
    var topLevelTypes: Set<String> { declarations { !$0.contains("private") && !$0.contains("fileprivate") } }

    /// Those of them that other modules see.
    var packageTypes: Set<String> { declarations { $0.contains("package") } }

    private func declarations(_ isWanted: ([Substring]) -> Bool) -> Set<String> {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
        var names: Set<String> = []
        for line in lines where line.first?.isWhitespace == false {
            let words = line.split(whereSeparator: { " :<{=".contains($0) })
            guard let keyword = words.firstIndex(where: { kinds.contains($0) }), keyword + 1 < words.count,
                !words[..<keyword].contains("extension"), isWanted(words[..<keyword].map { $0 })
            else { continue }
            names.insert(String(words[keyword + 1]))
        }
        return names
    }
}
