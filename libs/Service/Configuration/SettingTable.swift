/// The table of a service's keys, for its README and for `--help`.
package enum SettingTable {
    package static func markdown(_ keys: [any AnySettingKey]) -> String {
        let rows = keys.map(\.specification).map { key in
            let kind = key.kind.replacing("|", with: "\\|")
            return "| `\(key.name)` | \(kind) | \(fallback(key)) | \(key.summary)\(fileNote(key)) |"
        }
        return (["| key | value | default | meaning |", "| --- | --- | --- | --- |"] + rows).joined(
            separator: "\n")
    }

    package static func text(_ keys: [any AnySettingKey]) -> String {
        keys.map(\.specification).map { key in
            "  \(key.name)=\(key.kind)\n      \(key.summary)\(fileNote(key)) Default: \(fallback(key))."
        }.joined(separator: "\n")
    }

    private static func fallback(_ key: SettingSpecification) -> String {
        key.fallback.map { $0.isEmpty ? "empty" : "`\($0)`" } ?? (key.isRequired ? "required" : "none")
    }

    private static func fileNote(_ key: SettingSpecification) -> String {
        key.isSecret ? " Secret; also from the file that `\(key.name)_FILE` names." : ""
    }
}
