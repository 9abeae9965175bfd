import Foundation
import Testing

/// The example in a library's README is the function in `Tests/Examples/<Library>Example.swift`: its imports, an empty
/// line, and its body.
@Suite struct ReadmeTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        .standardizedFileURL

    @Test func everyLibraryHasACompiledExample() throws {
        let libraries = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "libs").path()
        )
        .filter { $0 != "CSystem" && !$0.hasPrefix(".") }
        #expect(libraries.count > 10)
        for library in libraries {
            let readme = try Self.text(of: "libs/\(library)/README.md")
            let blocks = readme.components(separatedBy: "```swift\n").dropFirst().compactMap {
                $0.components(separatedBy: "```\n").first
            }
            #expect(blocks.count == 1, "libs/\(library)/README.md has \(blocks.count) examples")
            let example = try Self.example(try Self.text(of: "Tests/Examples/\(library)Example.swift"))
            #expect(blocks.first == example, "libs/\(library)/README.md differs from its example")
        }
    }

    @Test func everyExampleBelongsToALibrary() throws {
        for name in try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "Tests/Examples").path())
        where name.hasSuffix("Example.swift") {
            let library = name.dropLast("Example.swift".count)
            #expect(
                FileManager.default.fileExists(atPath: Self.root.appending(path: "libs/\(library)").path()))
        }
    }

    private static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The imports and the dedented body of a file with one function.
    private static func example(_ source: String) throws -> String {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let imports = lines.prefix { $0.hasPrefix("import ") }
        let start = try #require(lines.firstIndex { $0.contains("func ") }) + 1
        let end = try #require(lines.lastIndex(of: "}"))
        let body = lines[start..<end].map { $0.hasPrefix("    ") ? $0.dropFirst(4) : $0 }
        return "\(imports.joined(separator: "\n"))\n\n\(body.joined(separator: "\n"))\n"
    }
}
