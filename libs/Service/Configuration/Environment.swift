internal import Bytes
internal import Observability

/// The environment variables of a process, and the files they name.
package struct Environment: Sendable {
    private let values: [ByteString: String]
    private let readFile: @Sendable (String) -> [UInt8]?

    package init(
        _ values: some Sequence<(key: String, value: String)>,
        readFile: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        self.values = Dictionary(values.map { (ByteString($0.key), $0.value) }, uniquingKeysWith: { $1 })
        self.readFile = readFile
    }

    /// The variables that the kernel passed to this process (proc(5), `/proc/pid/environ`).
    package static func process() -> Environment {
        var values: [(key: String, value: String)] = []
        for entry in (SystemCalls.contents(of: "/proc/self/environ", limit: 1 << 22) ?? []).split(
            separator: 0)
        {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            values.append((name, String(decoding: entry[(equals + 1)...], as: UTF8.self)))
        }
        return Environment(values) { SystemCalls.contents(of: $0, limit: 1 << 16) }
    }

    /// Nil for an empty variable too, since compose files leave a variable out that way.
    package subscript(name: String) -> String? {
        values[ByteString(name)].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// All of them, for a child process.
    package var variables: [(name: String, value: String)] { values.map { ($0.key.text, $0.value) } }

    var names: [ByteString] { Array(values.keys) }

    /// A secret's text; nil also when its file cannot be read.
    package func secret(_ name: String) -> String? { try? secretText(name).get() }

    /// The text of a key.
    func text(of key: SettingSpecification) -> Result<String?, SettingError> {
        key.isSecret ? secretText(key.name) : .success(self[key.name])
    }

    /// A variable, or the content of the file that `NAME_FILE` names, without the final line break.
    private func secretText(_ name: String) -> Result<String?, SettingError> {
        guard let path = self["\(name)_FILE"] else { return .success(self[name]) }
        guard self[name] == nil else {
            return .failure(SettingError("is set, and so is \(name)_FILE", write: "only one of them"))
        }
        guard let bytes = readFile(path), let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(
                SettingError(
                    "cannot be read from “\(path)”", write: "\(name)_FILE=path of a readable text file"))
        }
        // An editor's mark would become part of the secret, and libraries of other languages end a text at a NUL.
        guard !text.utf8.contains(0), text.unicodeScalars.first != "\u{FEFF}" else {
            return .failure(
                SettingError(
                    "has a NUL or a byte order mark in “\(path)”",
                    write: "the secret and nothing else into the file"))
        }
        let trimmed = text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
        return .success(trimmed.isEmpty ? nil : trimmed)
    }
}
