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
}
