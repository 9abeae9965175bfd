internal import Bytes
internal import EventLoop

/// Removes secrets from text for logs.
package enum Redaction {
    package static let placeholder = "<redacted>"

    /// Names of query parameters that hold credentials.
    private static let parameters: Set<ByteString> = [
        "access_token", "id_token", "refresh_token", "token", "password", "secret", "client_secret", "code",
    ]

    /// Redacts the password in a URL's authority and the credentials in its query.
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

    /// Redacts the values of credentials in `name=value&…`. Names are compared percent-decoded and case-insensitively.
    package static func query(_ text: some StringProtocol) -> String {
        text.split(separator: "&", omittingEmptySubsequences: false).map { pair -> String in
            guard let equals = pair.firstIndex(of: "=") else { return String(pair) }
            let name = PercentEncoding.decode(pair[..<equals]) ?? String(pair[..<equals])
            return parameters.contains(ByteString(name.lowercased()))
                ? "\(pair[..<equals])=\(placeholder)" : String(pair)
        }.joined(separator: "&")
    }

    private static func withoutPassword(_ head: Substring) -> String {
        guard let scheme = head.firstRange(of: "://"), let at = head.lastIndex(of: "@"),
            at >= scheme.upperBound,
            let colon = head[scheme.upperBound..<at].firstIndex(of: ":")
        else { return String(head) }
        return "\(head[...colon])\(placeholder)\(head[at...])"
    }
}
