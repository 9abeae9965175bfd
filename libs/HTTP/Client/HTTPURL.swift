package import EventLoop

/// An absolute URL of the schemes http, https, ws and wss, in the parts that a connection needs.
package struct HTTPURL: Sendable, Hashable {
    package let isSecure: Bool
    package let endpoint: Endpoint
    /// Path and query, ready to be sent.
    package let target: String
    /// What the `Host` field says: the port is left out where it is the scheme's own.
    package let authority: String

    /// Refuses user parts (credentials belong into a header), characters that should have been encoded and
    /// unknown schemes. A fragment is dropped.
    package init(_ text: String) throws(HTTPError) {
        let bytes = Array(text.utf8)
        let invalid = HTTPError(.invalidRequest, "invalid URL")
        guard let separator = text.range(ofASCII: "://") else { throw invalid }
        switch text[..<separator.lowerBound].lowercased() {
        case "http", "ws": isSecure = false
        case "https", "wss": isSecure = true
        default: throw invalid
        }
        let start = text.utf8.distance(from: text.startIndex, to: separator.upperBound)
        var end = start
        while end < bytes.count, ![47, 63, 35].contains(bytes[end]) { end += 1 }
        let authority = bytes[start..<end]
        guard Grammar.isAuthority(Array(authority).span) else { throw invalid }
        var host = String(decoding: authority, as: UTF8.self)
        let standard: UInt16 = isSecure ? 443 : 80
        var port = standard
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            if let number = UInt16(host[host.index(after: colon)...]) { port = number }
            host = String(host[..<colon])
        }
        self.authority = port == standard ? host : "\(host):\(port)"
        if host.hasPrefix("[") { host = String(host.dropFirst().dropLast()) }
        endpoint = Endpoint(host: host, port: port)

        var target = bytes[end...]
        if let fragment = target.firstIndex(of: 35) { target = target[..<fragment] }
        guard target.allSatisfy(Grammar.isQuery) else { throw invalid }
        let path = String(decoding: target, as: UTF8.self)
        self.target = path.hasPrefix("/") ? path : "/" + path
    }
}

extension String {
    fileprivate func range(ofASCII part: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
