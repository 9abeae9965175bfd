import EventLoop
import Testing

@testable import HTTP

@Suite struct URLTests {
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
