/// Takes secrets out of text that is about to be logged.
package enum Redaction {
    package static let mark = "<redacted>"

    /// Query parameters whose values are credentials.
    private static let parameters: Set<String> = [
        "access_token", "id_token", "refresh_token", "token", "password", "secret", "client_secret", "code",
    ]

    /// A URL without the password of its authority and without the credentials of its query.
    ///
    /// What follows the first colon of the authority is hidden up to the last `@` that comes before the
    /// query, wherever it stands: a password with an unescaped slash must not slip through.
    package static func url(_ text: String) -> String {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let head = withoutPassword(parts[0])
        return parts.count == 2 ? "\(head)?\(query(parts[1]))" : head
    }

    /// The request target of an HTTP request line: a path and perhaps a query.
    package static func target(_ text: String) -> String {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return text }
        return "\(text[..<mark])?\(query(text[text.utf8.index(after: mark)...]))"
    }

    /// `name=value&…` with the values of known credentials hidden. Names are compared as a server would read
    /// them: percent-decoded and in any case.
    package static func query(_ text: some StringProtocol) -> String {
        text.split(separator: "&", omittingEmptySubsequences: false).map { pair -> String in
            guard let equals = pair.firstIndex(of: "="),
                parameters.contains(decoded(pair[..<equals]).lowercased())
            else { return String(pair) }
            return "\(pair[..<equals])=\(mark)"
        }.joined(separator: "&")
    }

    private static func withoutPassword(_ head: Substring) -> String {
        guard let scheme = head.firstRange(of: "://"), let at = head.lastIndex(of: "@"),
            at >= scheme.upperBound,
            let colon = head[scheme.upperBound..<at].firstIndex(of: ":")
        else { return String(head) }
        return "\(head[...colon])\(mark)\(head[at...])"
    }

    private static func decoded(_ name: some StringProtocol) -> String {
        guard name.utf8.contains(UInt8(ascii: "%")) else { return String(name) }
        var bytes: [UInt8] = []
        var rest = Substring(name).utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
