import Foundation

/// The repository's Swift files on disk.
struct SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        .standardizedFileURL

    static let files: [SourceFile] = ["libs", "services", "Tests"].flatMap { folder -> [SourceFile] in
        let top = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(atPath: top.path()) else { return [] }
        return walk.compactMap { entry in
            guard let path = entry as? String, path.hasSuffix(".swift"),
                let data = try? Data(contentsOf: top.appending(path: path))
            else { return nil }
            return SourceFile(path: "\(folder)/\(path)", source: [UInt8](data))
        }
    }

    static func files(in folder: String) -> [SourceFile] {
        files.filter { $0.path.hasPrefix(folder + "/") }
    }

    static func folders(in folder: String) throws -> Set<String> {
        let top = root.appending(path: folder)
        let entries = try FileManager.default.contentsOfDirectory(
            at: top, includingPropertiesForKeys: [.isDirectoryKey])
        return Set(
            try entries.filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
                .map(\.lastPathComponent))
    }
}

struct SourceFile: Sendable {
    /// Relative to the repository's root.
    let path: String
    /// The lines, with comments and string contents blanked.
    let lines: [String]

    init(path: String, source: [UInt8]) {
        self.path = path
        let code = CodeScanner.codeOnly(of: source)
        lines = String(decoding: code, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    /// The modules of its `import` lines: of `import struct A.B`, A.
    var imports: Set<String> {
        var modules: Set<String> = []
        for line in lines {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ";" })
            guard let keyword = words.firstIndex(of: "import"),
                words[..<keyword].allSatisfy({ $0.hasPrefix("@") || Self.access.contains(String($0)) })
            else { continue }
            guard let name = words[(keyword + 1)...].first(where: { !Self.kinds.contains(String($0)) })
            else { continue }
            modules.insert(String(name.prefix { $0 != "." }))
        }
        return modules
    }

    private static let access: Set = ["public", "package", "internal", "private", "fileprivate"]
    private static let kinds: Set = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
    ]

    /// `path:line` of each line of code that contains `pattern`.
    func places(of pattern: some RegexComponent) -> [String] {
        lines.enumerated().filter { $0.element.firstMatch(of: pattern) != nil }
            .map { "\(path):\($0.offset + 1)" }
    }
}
