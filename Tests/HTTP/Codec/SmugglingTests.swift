import Testing

@testable import HTTP

/// Requests that two servers in a row could read differently, or that no honest client sends. Each must be
/// refused with the status given, whatever follows it.
@Suite struct SmugglingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        let status: Int
        var testDescription: String { name }

        init(_ name: String, _ request: String, _ status: Int = 400) {
            self.name = name
            self.request = request
            self.status = status
        }

        /// A POST with the given fields.
        static func fields(_ name: String, _ fields: String, _ status: Int = 400) -> Case {
            Case(name, "POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n", status)
        }
        static func target(_ target: String, _ status: Int = 400) -> Case {
            Case("target \(target)", "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n", status)
        }
        static func host(_ host: String) -> Case {
            Case("host \(host)", "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        }
        static func chunks(_ name: String, _ body: String, _ status: Int = 400) -> Case {
            Case(name, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(body)", status)
        }
    }

    static let framing: [Case] = [
        .fields("CL.TE", "Content-Length: 6\r\nTransfer-Encoding: chunked"),
        .fields("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 6"),
        .fields("TE twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        .fields("TE chunked and identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        .fields("TE chunked, chunked", "Transfer-Encoding: chunked, chunked"),
        .fields("TE chunked, gzip", "Transfer-Encoding: chunked, gzip"),
        .fields("TE gzip, chunked", "Transfer-Encoding: gzip, chunked", 501),
        .fields("TE identity", "Transfer-Encoding: identity", 501),
        .fields("TE xchunked", "Transfer-Encoding: xchunked", 501),
        .fields("TE quoted", "Transfer-Encoding: \"chunked\"", 501),
        .fields("TE empty", "Transfer-Encoding:"),
        .fields("TE vertical tab", "Transfer-Encoding: \u{0b}chunked"),
        .fields("TE space before colon", "Transfer-Encoding : chunked"),
        .fields("TE folded", "Transfer-Encoding:\r\n chunked"),
        .fields("TE bare LF", "X: y\nTransfer-Encoding: chunked"),
        .fields("TE bare CR", "X: y\rTransfer-Encoding: chunked"),
        .fields("TE leading space", " Transfer-Encoding: chunked"),
        Case("TE on 1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
        .fields("CL twice, equal", "Content-Length: 5\r\nContent-Length: 5"),
        .fields("CL twice, different", "Content-Length: 5\r\nContent-Length: 6"),
        .fields("type twice", "Content-Type: application/json\r\nContent-Type: text/plain"),
        .fields("CL list", "Content-Length: 5, 5"),
        .fields("CL sign", "Content-Length: +5"),
        .fields("CL negative", "Content-Length: -5"),
        .fields("CL hexadecimal", "Content-Length: 0x5"),
        .fields("CL underscore", "Content-Length: 1_0"),
        .fields("CL fraction", "Content-Length: 5.0"),
        .fields("CL empty", "Content-Length:"),
        .fields("CL words", "Content-Length: 5 5"),
        .fields("CL overflow", "Content-Length: 18446744073709551621"),
        .fields("CL space before colon", "Content-Length : 5"),
        .fields("CL folded", "Content-Length:\r\n 5"),
    ]

    static let syntax: [Case] = [
        Case("no Host", "GET / HTTP/1.1\r\n\r\n"),
        Case("two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"),
        Case("two Hosts on 1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n"),
        .host(""), .host("a b"), .host("a,b"), .host("user@a"), .host("a/b"), .host("a:b"), .host("a:99999"),
        .host("[::1"), .host("a#b"), .host("%61"), .host("a:80:80"),
        Case("Host differs", "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("bare LF after the line", "GET / HTTP/1.1\nHost: x\r\n\r\n"),
        Case("bare LF ends the head", "GET / HTTP/1.1\r\nHost: x\n\n"),
        Case("bare CR in the line", "GET /\r HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("two spaces after the method", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("two spaces before the version", "GET /  HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("space after the version", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"),
        Case("tab for a space", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("leading space", " GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("HTTP/0.9", "GET /\r\n\r\n"),
        Case("no target", "GET HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"),
        Case("NUL in a name", "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n"),
        Case("delete in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: \u{7f}\r\n\r\n"),
        Case("empty name", "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"),
        Case("no colon", "GET / HTTP/1.1\r\nHost: x\r\nAb\r\n\r\n"),
        Case("space in a name", "GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n"),
        Case("folded value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"),
        Case("field before Host starts with space", "GET / HTTP/1.1\r\n A: b\r\nHost: x\r\n\r\n"),
        Case("brackets in the method", "G[T / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Case("lower-case method", "get / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        Case("unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        Case("CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 501),
        Case("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        Case("TLS", "\u{16}\u{03}\u{01}\u{02}\0\u{01}\0\u{01}"),
        .target("x"), .target("*"), .target("x:80"), .target("ftp://x/"), .target("http:///"),
        .target("http://u@x/"), .target("/%"), .target("/%4"), .target("/%zz"), .target("/%00"),
        .target("/%0d%0a"),
        .target("/a%2fb"), .target("/a%5Cb"), .target("/.."), .target("/../x"), .target("/a/./b"),
        .target("/a/%2e%2E/b"), .target("/a/..%2fb"), .target("/%ff"), .target("/%c0%af"), .target("/a\\b"),
        .target("/a#b"), .target("/{a}"), .target("/\u{80}"), .target("/?a=%"), .target("/?a=%00"),
        .target("/?<"),
    ]

    static let chunks: [Case] = [
        .chunks("size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        .chunks("size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        .chunks("size with a space", "5 \r\nhello\r\n0\r\n\r\n"),
        .chunks("size after a space", " 5\r\nhello\r\n0\r\n\r\n"),
        .chunks("size missing", "\r\nhello\r\n0\r\n\r\n"),
        .chunks("size ends in LF", "5\nhello\r\n0\r\n\r\n"),
        .chunks("size overflows", "ffffffffffffffff5\r\nhello\r\n0\r\n\r\n", 413),
        .chunks("size of many zeros", "00000000000000000005\r\nhello\r\n0\r\n\r\n"),
        .chunks("extension with LF", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        .chunks("data longer than its size", "5\r\nhello!\r\n0\r\n\r\n"),
        .chunks("data shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
        .chunks("data ends in LF", "5\r\nhello\n0\r\n\r\n"),
        .chunks("trailer without a name", "0\r\n: x\r\n\r\n"),
        .chunks("trailer with a space", "0\r\nA : x\r\n\r\n"),
        .chunks("trailer folded", "0\r\nA: x\r\n y\r\n\r\n"),
        .chunks("trailer with LF", "0\r\nA: x\n\r\n"),
        .chunks("end with LF", "0\r\n\n"),
        .chunks("extensions without end", "1;" + String(repeating: "a", count: 5000) + "\r\nx\r\n0\r\n\r\n"),
        .chunks("trailers without end", "0\r\n" + String(repeating: "A: bbbb\r\n", count: 600) + "\r\n"),
        .chunks("larger than the limit", "10001\r\n", 413),
    ]

    @Test(arguments: framing + syntax + chunks)
    func isRefused(_ attempt: Case) {
        // Refused even where an innocent request follows, and none of it is taken for one.
        let log = Decoding.requests(attempt.request + "GET /innocent HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(log.count == 1)
        #expect(log.first?.hasPrefix("refused \(attempt.status) ") == true, "\(log)")
    }

    @Test func corpusIsLargeEnough() {
        #expect(Self.framing.count + Self.syntax.count + Self.chunks.count > 100)
    }
}
