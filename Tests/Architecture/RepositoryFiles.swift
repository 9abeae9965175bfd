import Foundation

/// The repository's files of every kind, without build products, a stack's data and what is installed.
enum RepositoryFiles {
    /// Paths relative to the root.
    static let files: [String] = {
        let ignored: Set = [
            ".git", ".build", ".swiftpm", "var", "node_modules", "__pycache__", ".pytest_cache", ".venv",
        ]
        guard let walk = FileManager.default.enumerator(atPath: SourceTree.root.path()) else { return [] }
        var found: [String] = []
        while let path = walk.nextObject() as? String {
            let url = SourceTree.root.appending(path: path)
            if ignored.contains(url.lastPathComponent) {
                walk.skipDescendants()
            } else if (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == false {
                found.append(path)
            }
        }
        return found.sorted()
    }()

    static func text(of path: String) throws -> String {
        try String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8)
    }

    static func contains(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: SourceTree.root.appending(path: path).path())
    }
}
