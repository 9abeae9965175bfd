import EventLoop
import Testing

@Suite struct ServerURLTests {
    @Test func parsesEveryPart() throws {
        let url = try ServerURL("AMQPS://us%40er:p%3Aw%2F@rabbit.example:5673/v%2Fh?a=1&b=%26&c&&a=2")
        #expect(url.scheme == "amqps" && url.user == "us@er" && url.password == "p:w/")
        #expect(url.host == "rabbit.example" && url.port == 5673)
        #expect(url.path == "v/h" && url.encodedPath == "/v%2Fh" && url.encodedQuery == "a=1&b=%26&c&&a=2")
        #expect(url.queryItems.map(\.name) == ["a", "b", "c", "a"])
        #expect(url.queryItems.map(\.value) == ["1", "&", "", "2"])
        #expect(url.endpoint(defaultPort: 1) == Endpoint(host: "rabbit.example", port: 5673))
    }

    @Test func leavesAbsentPartsEmpty() throws {
        let url = try ServerURL("redis://h")
        #expect(url.user == nil && url.password == nil && url.port == nil && url.encodedQuery == nil)
        #expect(url.path == "" && url.encodedPath == "" && url.queryItems == [])
        #expect(url.endpoint(defaultPort: 6379) == Endpoint(host: "h", port: 6379))
    }

    @Test(
        arguments: [
            ("r://u@h", "u", nil), ("r://u:@h", "u", ""), ("r://:p@h", nil, "p"), ("r://:@h", nil, ""),
            ("r://u:p:q@h", "u", "p:q"), ("r://u:p%40q@h", "u", "p@q"),
        ] as [(String, String?, String?)])
    func parsesCredentials(text: String, user: String?, password: String?) throws {
        let url = try ServerURL(text)
        #expect(url.user == user && url.password == password && url.host == "h")
    }

    @Test(
        arguments: [
            ("r://[::1]", "::1", nil), ("r://[::1]:7000/3", "::1", 7000),
            ("r://[fe80::1:2.3.4.5]?x", "fe80::1:2.3.4.5", nil),
            ("r://127.0.0.1:1", "127.0.0.1", 1), ("r://a-b_c.d:65535/", "a-b_c.d", 65535),
        ] as [(String, String, UInt16?)])
    func parsesHosts(text: String, host: String, port: UInt16?) throws {
        let url = try ServerURL(text)
        #expect(url.host == host && url.port == port)
    }

    @Test(
        arguments: [
            ("", .missingScheme), ("h", .missingScheme), ("h:6379", .missingScheme), ("r:/h", .missingScheme),
            ("://h", .missingScheme), ("1r://h", .missingScheme), ("r r://h", .invalidCharacter),
            ("r://h h", .invalidCharacter), ("r://h/#f", .invalidCharacter), ("r://ü", .invalidCharacter),
            ("r://h/\n", .invalidCharacter), ("r://u:p%2@h", .invalidCredentials),
            ("r://u:p%zz@h", .invalidCredentials),
            ("r://u%@h", .invalidCredentials), ("r://@h", .invalidCredentials),
            ("r://u:%ff@h", .invalidCredentials),
            ("r://u:%00@h", .invalidCredentials),
            ("r://u:a@b@h", .invalidCredentials), ("r://u:a/b@h", .invalidCredentials),
            ("r://u:a?b@h", .invalidCredentials), ("r://", .invalidHost), ("r:///x", .invalidHost),
            ("r://:1", .invalidHost),
            ("r://u:p@", .invalidHost), ("r://[::1", .invalidHost), ("r://[]", .invalidHost),
            ("r://[a]", .invalidHost),
            ("r://[::g]", .invalidHost), ("r://::1", .invalidHost), ("r://a,b", .tooManyHosts),
            ("r://h%41", .invalidHost),
            ("r://[::1]x", .invalidPort), ("r://h:", .invalidPort), ("r://h:0", .invalidPort),
            ("r://h:65536", .invalidPort),
            ("r://h:+1", .invalidPort), ("r://h:-1", .invalidPort), ("r://h:1x", .invalidPort),
            ("r://fe80::1", .invalidPort),
            ("r://h/%", .invalidEncoding), ("r://h/%ff", .invalidEncoding), ("r://h/%00", .invalidEncoding),
            ("r://h?a=%", .invalidEncoding), ("r://h?%zz", .invalidEncoding),
        ] as [(String, ServerURLError.Code)])
    func rejectsMalformedURLs(text: String, code: ServerURLError.Code) {
        let error = #expect(throws: ServerURLError.self) { try ServerURL(text) }
        #expect(error?.code == code)
    }

    @Test func hostsAreListedWhereThatIsAllowed() throws {
        let url = try ServerURL("r://u:p@a:1,b,[::1]:3/x", mayHaveHosts: true)
        #expect(url.hosts.map(\.name) == ["a", "b", "::1"] && url.hosts.map(\.port) == [1, nil, 3])
        #expect(url.host == "a" && url.port == 1 && "\(url)" == "r://a:1,b,[::1]:3/x")
        for text in ["r://a,", "r://,a", "r://a,,b", "r://a,b:x", "r://a, b"] {
            #expect(throws: ServerURLError.self) { try ServerURL(text, mayHaveHosts: true) }
        }
        let many = Array(repeating: "h", count: 33).joined(separator: ",")
        #expect(throws: ServerURLError.self) { try ServerURL("r://\(many)", mayHaveHosts: true) }
    }

    @Test func descriptionsOmitCredentials() throws {
        let url = try ServerURL("redis://app:hunter2@[::1]:1/3?password=hunter2")
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), dumped] { #expect(!text.contains("hunter2")) }
        #expect("\(url)" == "redis://[::1]:1/3")
        let error = #expect(throws: ServerURLError.self) { try ServerURL("redis://app:hunter2@h:x") }
        #expect(!"\(String(describing: error))".contains("hunter2"))
    }
}
