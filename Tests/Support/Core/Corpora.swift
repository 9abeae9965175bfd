import Foundation

/// Public collections of test inputs that are placed by hand; see `Tests/System/Corpora/run`.
package enum Corpora {
    /// Whether `WAYBILL_CORPORA` names a folder that has it.
    package static func has(_ name: String) -> Bool { folder(name) != nil }

    private static func folder(_ name: String) -> URL? {
        guard let root = ProcessInfo.processInfo.environment["WAYBILL_CORPORA"] else { return nil }
        let folder = URL(filePath: root).appending(path: name)
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }

    package static func bytes(_ path: String, of name: String) throws -> [UInt8] {
        guard let folder = folder(name) else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: folder.appending(path: path)))
    }

    /// The names of the files in a folder of a corpus, sorted.
    package static func files(in path: String, of name: String) throws -> [String] {
        guard let folder = folder(name) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path).sorted()
    }
}
