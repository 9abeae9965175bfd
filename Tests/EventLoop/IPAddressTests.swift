import EventLoop
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::1", "::1"), ("::", "::"), ("0.0.0.0", "0.0.0.0"), ("::ffff:c000:201", "192.0.2.1"),
    ])
    func hasOneForm(text: String, form: String) throws {
        #expect(try #require(IPAddress(text)).description == form)
        #expect(IPAddress(text) == IPAddress(form))
    }

    @Test(arguments: [
        "", "1", "192.0.2", "192.0.2.256", "[::1]", "::1%eth0", "192.0.2.1:80", " 192.0.2.1", "1\u{0}", "é",
    ])
    func refusesOtherTexts(text: String) {
        #expect(IPAddress(text) == nil)
        #expect(IPAddressRange(text) == nil)
    }

    @Test func knowsTheLoopback() throws {
        for text in ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"] {
            #expect(try #require(IPAddress(text)).isLoopback)
        }
        for text in ["128.0.0.1", "126.0.0.1", "::2", "::127.0.0.1", "fe80::1"] {
            #expect(try !#require(IPAddress(text)).isLoopback)
        }
    }

    /// A client has every address of its IPv6 network.
    @Test func aClientIsAnAddressOrANetwork() throws {
        func client(_ text: String) -> IPAddress? { IPAddress(text)?.client }
        #expect(client("2001:db8:1:2:3::4") == client("2001:db8:1:2:5::6"))
        #expect(client("2001:db8:1:2::") != client("2001:db8:1:3::"))
        #expect(client("192.0.2.1") != client("192.0.2.2"))
        #expect(client("::1")?.isLoopback == true)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("10.1.2.3/8", "10.9.9.9", true),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.0/31", "192.0.2.1", true),
        ("0.0.0.0/0", "203.0.113.1", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "203.0.113.1", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::/65", "2001:db8::8000:0:0:1", false), ("::ffff:10.0.0.0/104", "10.1.1.1", true),
        ("127.0.0.0/8", "::ffff:127.0.0.1", true), ("::1", "::1", true), ("::1", "127.0.0.1", false),
    ])
    func aRangeContainsWhatSharesItsPrefix(range: String, address: String, contains: Bool) throws {
        #expect(try #require(IPAddressRange(range)).contains(try #require(IPAddress(address))) == contains)
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129", "/8", "10.0.0.0/-1", "::/1000",
    ])
    func refusesOtherRanges(text: String) { #expect(IPAddressRange(text) == nil) }
}
