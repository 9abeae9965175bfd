import Foundation
import Testing

@Suite struct TopLevelTests {
    @Test func rootContainsOnlyListedEntries() throws {
        let allowed: Set = [
            "Package.swift", "services", "libs", "Tests", "infra", "docker-compose.yml", "WORKFLOW.md",
            "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "Makefile", "LICENSE",
        ]
        // Ignored by .gitignore.
        let ignored: Set = ["var", "node_modules", "__pycache__"]
        let entries = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path())
            .filter { !$0.hasPrefix(".") && !ignored.contains($0) }
        #expect(Set(entries).subtracting(allowed).isEmpty)
    }

    @Test func foldersAreNamedByTheirConcept() throws {
        for folder in ["libs", "services", "Tests"] {
            let names = try SourceTree.folders(in: folder)
            #expect(
                names.isDisjoint(with: ["Common", "Utils", "Util", "Helpers", "Helper", "Manager", "Misc"]))
        }
    }

    /// Below a module's own folder, a folder of one or two files costs more clicks than it orders.
    @Test func foldersHoldAtLeastThreeFiles() {
        var counts: [String: Int] = [:]
        for rule in ModuleRule.all {
            for file in SourceTree.files(in: rule.folder) {
                let folder = file.path.prefix(upTo: file.path.lastIndex(of: "/") ?? file.path.startIndex)
                if folder != rule.folder { counts[String(folder), default: 0] += 1 }
            }
        }
        for (folder, count) in counts where count < 3 { Issue.record("\(folder) holds \(count) files") }
    }
}
