import Testing

@testable import HTTP

@Suite("RFC 9112: requests") struct RequestParserTests {
    private func head(_ text: String) throws -> HTTPRequestHead { try #require(try Decoding.head(text)) }

    @Test("2.2: one empty line before the request is ignored") func ignoresOneEmptyLineBeforeARequest() throws
    {
        #expect(try head("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n").method == .get)
        #expect(
            Decoding.requests("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n").first?.hasPrefix("refused 400")
                == true)
    }

    @Test(
        "2.3: versions",
        arguments: [
            ("HTTP/1.1", 200), ("HTTP/1.0", 200), ("HTTP/2.0", 505), ("HTTP/0.9", 505), ("HTTP/1.2", 200),
            ("HTTP/3.1", 505),
            ("HTTP/1.10", 400), ("http/1.1", 400), ("HTTP/11", 400), ("HTTP/1.", 400), ("XTTP/1.1", 400),
        ])
    func version(_ version: String, _ status: Int) {
        let log = Decoding.requests("GET / \(version)\r\nHost: x\r\n\r\n")
        #expect(
            status == 200 ? log.count == 1 && log[0].hasPrefix("get") : log[0].hasPrefix("refused \(status)"))
    }

    @Test("3.2: target forms") func parsesTargets() throws {
        let origin = HTTPRequest(try head("GET /a/b?c=d&e HTTP/1.1\r\nHost: x\r\n\r\n"))
        #expect(origin.path == "/a/b")
        #expect(origin.rawQuery == "c=d&e")
        #expect(origin.rawTarget == "/a/b?c=d&e")

        let absolute = HTTPRequest(
            try head("GET http://x:80/p?q HTTP/1.1\r\nHost: X:80\r\n\r\n"))
        #expect(absolute.path == "/p")
        #expect(absolute.rawQuery == "q")

        let bare = HTTPRequest(try head("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n"))
        #expect(bare.path == "/")

        let bareQuery = HTTPRequest(try head("GET http://x?q HTTP/1.1\r\nHost: x\r\n\r\n"))
        #expect(bareQuery.path == "/")
        #expect(bareQuery.rawQuery == "q")

        #expect(try head("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").target.isAsterisk)
    }

    @Test("3986 2.1: percent-encodings of the path and the query") func decoding() throws {
        let request = HTTPRequest(.get, "/caf%C3%A9/a%20b?n%61me=J%C3%BCrgen+M&empty=&flag&x=%2F%26")
        #expect(request.path == "/café/a b")
        #expect(request.query("name") == "Jürgen M")
        #expect(request.query("empty") == "")
        #expect(request.query("flag") == "")
        #expect(request.query("x") == "/&")
        #expect(request.query("none") == nil)
        #expect(request.queryItems.map(\.name) == ["name", "empty", "flag", "x"])
    }

    @Test("3986 3.3: dots that are no segments of their own") func dots() throws {
        for path in ["/a.b", "/.well-known/x", "/a..b/...", "/v1.2", "/%2ea"] {
            #expect(
                Decoding.requests("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n").first?.hasPrefix("get") == true,
                "\(path)")
        }
    }

    @Test("5: fields are trimmed, kept in order, found without regard to case") func fields() throws {
        let headers = try head("GET / HTTP/1.1\r\nHost:x\r\nX-A: \t 1 2 \t\r\nx-a:3\r\nEmpty:\r\n\r\n")
            .headers
        #expect(headers["x-A"] == "1 2")
        #expect(headers.values("X-a") == ["1 2", "3"])
        #expect(headers["empty"] == "")
        #expect(headers["none"] == nil)
        #expect(headers.all.map(\.name) == ["Host", "X-A", "x-a", "Empty"])
        #expect(headers.withValue("host") { $0?.count } == 1)
    }

    @Test("6: how the body is found") func framing() throws {
        #expect(try head("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 012\r\n\r\n").framing == .length(12))
        #expect(
            try head("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: CHUNKED\r\n\r\n").framing == .chunked)
        #expect(try head("POST / HTTP/1.1\r\nHost: x\r\n\r\n").framing == .none)
    }

    @Test(
        "9.3: persistence",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "close", false), ("HTTP/1.1", "Upgrade, CLOSE", false),
            ("HTTP/1.1", "closed", true), ("HTTP/1.0", "", false), ("HTTP/1.0", "Keep-Alive", true),
            ("HTTP/1.0", "keep-alive, close", false),
        ])
    func persistence(_ version: String, _ connection: String, _ expected: Bool) throws {
        let field = connection.isEmpty ? "" : "Connection: \(connection)\r\n"
        #expect(try head("GET / \(version)\r\nHost: x\r\n\(field)\r\n").keepAlive == expected)
    }

    @Test("9110 10.1.1: expectations") func expectations() throws {
        #expect(try head("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n").expectsContinue)
        #expect(try !head("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expectsContinue)
        let log = Decoding.requests("POST / HTTP/1.1\r\nHost: x\r\nExpect: coffee\r\n\r\n")
        #expect(log[0].hasPrefix("refused 417"))
    }

    @Test("limits on line, fields and head") func limits() {
        let line = "GET /" + String(repeating: "a", count: 21_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"
        #expect(Decoding.requests(line)[0].hasPrefix("refused 414"))
        let field = "GET / HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "a", count: 41_000) + "\r\n\r\n"
        #expect(Decoding.requests(field)[0].hasPrefix("refused 431"))
        let many = "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 64) + "\r\n"
        #expect(Decoding.requests(many)[0].hasPrefix("refused 431"))
        let justEnough = "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 63) + "\r\n"
        #expect(Decoding.requests(justEnough)[0].hasPrefix("get"))
    }

    @Test("a head that comes byte by byte is not read again from its start") func incremental() throws {
        // 16,000 pieces of a 16 KB head: quadratic work would be 128 million steps, minutes in a debug build.
        let text = "GET / HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "a", count: 16_000) + "\r\n\r\n"
        let bytes = Array(text.utf8)
        var parser = HTTPRequestParser()
        let clock = ContinuousClock()
        let start = clock.now
        for end in 1..<bytes.count {
            #expect(try parser.next(bytes.span.extracting(first: end), limits: HTTPHeadLimits()) == nil)
        }
        #expect(try parser.next(bytes.span, limits: HTTPHeadLimits()) != nil)
        #expect(start.duration(to: clock.now) < .seconds(2))
    }
}
