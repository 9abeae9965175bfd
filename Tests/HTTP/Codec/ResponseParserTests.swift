import Testing

@testable import HTTP

@Suite("RFC 9112: responses") struct ResponseParserTests {
    private func head(_ text: String, answering method: HTTPMethod = .get) throws(HTTPParseError)
        -> HTTPResponseHead?
    {
        var parser = HTTPResponseParser()
        return try parser.next(text.utf8.span, limits: HTTPHeadLimits(), answering: method)
    }

    @Test("4: status lines") func statusLine() throws {
        #expect(try head("HTTP/1.1 200 OK\r\n\r\n")?.status == .ok)
        #expect(try head("HTTP/1.1 404 \r\n\r\n")?.status == .notFound)
        #expect(try head("HTTP/1.0 599\r\n\r\n")?.status.code == 599)
        #expect(try head("HTTP/1.1 200 OK\r\nA: b\r\n\r\n")?.headers["a"] == "b")
        #expect(try head("HTTP/1.1 200 OK\r\n") == nil)
        for line in [
            "HTTP/2 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000", "HTTP/1.1  200 OK", "HTTP/1.1 099 X",
            "ICY 200 OK",
        ] {
            #expect(throws: HTTPParseError.self, "\(line)") { try head("\(line)\r\n\r\n\r\n") }
        }
    }

    @Test("6.3: the body's end") func framing() throws {
        #expect(try head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")?.framing == .length(3))
        #expect(try head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?.framing == .chunked)
        #expect(try head("HTTP/1.1 200 OK\r\n\r\n")?.framing == .untilClose)
        #expect(try head("HTTP/1.1 200 OK\r\n\r\n")?.keepAlive == false)
        #expect(
            try head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", answering: .head)?.framing
                == HTTPBodyFraming.none)
        #expect(try head("HTTP/1.1 204 No Content\r\n\r\n")?.framing == HTTPBodyFraming.none)
        #expect(
            try head("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n")?.framing
                == HTTPBodyFraming.none)
        #expect(try head("HTTP/1.1 100 Continue\r\n\r\n")?.framing == HTTPBodyFraming.none)
    }

    @Test("6.3: ambiguous bodies are refused") func ambiguity() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Content-Length: x", "A : b", "A: b\r\n c",
        ] {
            #expect(throws: HTTPParseError.self, "\(fields)") {
                try head("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n")
            }
        }
    }

    @Test func everySplitGivesTheSameResult() throws {
        let bytes = Array("HTTP/1.1 201 Created\r\nA: b\r\nContent-Length: 0\r\n\r\n".utf8)
        for cut in 0..<bytes.count {
            var parser = HTTPResponseParser()
            let first = try parser.next(
                bytes.span.extracting(first: cut), limits: HTTPHeadLimits(), answering: .get)
            #expect(first == nil)
            let second = try parser.next(bytes.span, limits: HTTPHeadLimits(), answering: .get)
            #expect(second?.status == .created)
            #expect(second?.length == bytes.count)
        }
    }
}
