package import EventLoop

/// An absolute URL of the schemes http, https, ws and wss, split into the parts that a connection needs.
package struct HTTPURL: Sendable, Hashable {
    package let isSecure: Bool
    package let endpoint: Endpoint
    /// Path and query, ready to be sent.
    package let target: String
    /// The value of the `Host` field, without the scheme's default port.
    package let authority: String

    /// Refuses user parts (credentials belong in a header), characters that should have been encoded and
    /// unknown schemes. A fragment is dropped.
    package init(_ text: String) throws(HTTPError) {
        let url: ServerURL
        do throws(ServerURLError) { url = try ServerURL(String(text.prefix { $0 != "#" })) } catch {
            throw HTTPError(.invalidRequest, "the URL \(error)")
        }
        let standardPort: UInt16
        switch url.scheme {
        case "http", "ws": (isSecure, standardPort) = (false, 80)
        case "https", "wss": (isSecure, standardPort) = (true, 443)
        default: throw HTTPError(.invalidRequest, "the URL's scheme is not http, https, ws or wss")
        }
        guard url.user == nil, url.password == nil else {
            throw HTTPError(.invalidRequest, "the URL holds credentials")
        }
        endpoint = url.endpoint(defaultPort: standardPort)
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        authority = endpoint.port == standardPort ? host : "\(host):\(endpoint.port)"
        let path = url.encodedPath.isEmpty ? "/" : url.encodedPath
        target = path + (url.encodedQuery.map { "?\($0)" } ?? "")
        guard target.utf8.allSatisfy(Grammar.isQuery) else {
            throw HTTPError(.invalidRequest, "the URL holds characters that must be percent-encoded")
        }
    }
}
