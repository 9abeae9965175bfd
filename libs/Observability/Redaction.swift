internal import Bytes

/// Removes secrets from text for logs.
package enum Redaction {
    package static let placeholder = "<redacted>"

    /// Query parameters whose values are shown when they are plain: a list of those that hold credentials would miss the
    /// ways in which a name can be spelled.
    private static let shown: Set<ByteString> = [
        "offset", "size", "after", "epoch", "lastEventId", "negotiateVersion", "sslmode",
    ]

    /// Redacts the password in a URL's authority, and its query.
    ///
    /// Everything from the authority's first colon to the last `@` before the query is redacted, so that a password
    /// with an unescaped slash is covered.
    package static func url(_ text: String) -> String {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let head = withoutPassword(parts[0])
        return parts.count == 2 ? "\(head)?\(query(parts[1]))" : head
    }

    /// Redacts the query of an HTTP request target.
    package static func target(_ text: String) -> String {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return text }
        return "\(text[..<mark])?\(query(text[text.utf8.index(after: mark)...]))"
    }

    /// Redacts all of `name=value&…` but the names that are plain, and the values of ``shown``.
    package static func query(_ text: some StringProtocol) -> String {
        text.split(separator: "&", omittingEmptySubsequences: false).map { pair -> String in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, isPlain(parts[0]) else { return pair.isEmpty ? "" : placeholder }
            let isShown = shown.contains(ByteString(String(parts[0]))) && isPlain(parts[1])
            return "\(parts[0])=\(isShown ? String(parts[1]) : placeholder)"
        }.joined(separator: "&")
    }

    /// Short, and of letters, digits, hyphens and underscores.
    private static func isPlain(_ text: some StringProtocol) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    private static func withoutPassword(_ head: Substring) -> String {
        guard let scheme = head.firstRange(of: "://"), let at = head.lastIndex(of: "@"),
            at >= scheme.upperBound,
            let colon = head[scheme.upperBound..<at].firstIndex(of: ":")
        else { return String(head) }
        return "\(head[...colon])\(placeholder)\(head[at...])"
    }
}
