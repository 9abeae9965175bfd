import EventLoop
import Testing

@testable import HTTP

@Suite struct HeadersTests {
    @Test func addsSetsAndRemoves() {
        var headers: HTTPHeaders = ["A": "1", "B": "2"]
        headers.add("a", "3")
        #expect(headers["A"] == "1")
        headers.set("A", "4")
        #expect(headers["a"] == "4")
        headers.remove("b")
        #expect(!headers.contains("B"))
        #expect(String(decoding: headers.bytes, as: UTF8.self) == "A: 4\r\n")
    }

    @Test func noValueCanStartAnotherField() {
        let headers: HTTPHeaders = ["A": "b\r\nSet-Cookie: c\0"]
        #expect(String(decoding: headers.bytes, as: UTF8.self) == "A: b  Set-Cookie: c \r\n")
    }

    @Test(
        "9110 5.6.7: dates",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        ])
    func dates(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.format(secondsSince1970: seconds) == text)
    }

    @Test func parsesAndRefusesURLs() throws {
        let address = try HTTPURL("https://[::1]:8443/a?b#c")
        #expect(address.isSecure)
        #expect(address.endpoint.host == "::1")
        #expect(address.endpoint.port == 8443)
        #expect(address.authority == "[::1]:8443")
        #expect(address.target == "/a?b")
        #expect(try HTTPURL("http://h").target == "/")
        #expect(try HTTPURL("ws://h:80?x").authority == "h")
        #expect(try HTTPURL("ws://h:80?x").target == "/?x")
        for text in ["h", "ftp://h", "http://", "http://u:p@h/", "http://h/a b", "http://h:x/", "http://h/é"]
        {
            #expect(throws: HTTPError.self, "\(text)") { try HTTPURL(text) }
        }
    }
}
