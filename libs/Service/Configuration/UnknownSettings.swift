internal import Bytes

/// Variables that look as if a setting was meant.
enum UnknownSettings {
    /// Keys of the local stack that its processes inherit.
    private static let stack: Set<ByteString> = [
        "WAYBILL_NOTIFIERS", "WAYBILL_ACCEPTORS", "WAYBILL_PROCESSORS", "WAYBILL_PORT_OFFSET",
    ]
    /// Mistakes of typing: letters that are missing, wrong or too many.
    private static let typos = 2
    private static let shortestName = 6

    static func warnings(_ names: [ByteString], _ keys: [SettingSpecification]) -> [String] {
        var known = stack
        for key in keys {
            known.insert(ByteString(key.name))
            if key.isSecret { known.insert(ByteString("\(key.name)_FILE")) }
        }
        return names.filter { !known.contains($0) }.sorted().compactMap { name in
            if let key = keys.first(where: { name == ByteString("\($0.name)_FILE") }) {
                return "\(name.text) is not read: \(key.name) is no secret"
            }
            let near = keys.first { isNear(Array(name.text.utf8), Array($0.name.utf8)) }
            guard near != nil || name.text.hasPrefix("WAYBILL_") else { return nil }
            return "\(name.text) is not a key of this service" + (near.map { "; \($0.name) is" } ?? "")
        }
    }

    /// Whether at most ``typos`` insertions, deletions and replacements make one of the other.
    private static func isNear(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count >= shortestName, abs(a.count - b.count) <= typos else { return false }
        var row = Array(0...b.count)
        for i in 1...a.count {
            var diagonal = row[0]
            row[0] = i
            for j in 1...b.count {
                let replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)
                diagonal = row[j]
                row[j] = min(replaced, diagonal + 1, row[j - 1] + 1)
            }
        }
        return row[b.count] <= typos
    }
}
