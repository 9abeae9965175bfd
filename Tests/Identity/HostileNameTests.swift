import Bytes
import EventLoop
import JOSE
import JSON
import Orders
import TestSupport
import Testing

/// Hostile names of users: through JSON, a URL and a token they keep their bytes or are refused.
struct HostileNameTests {
    private static let names = [
        "jos\u{E9}", "jose\u{301}", "K\u{41}\u{30A}S", "\u{212A}S-101", "\u{FB01}sh", "\u{1E9E}", "i\u{307}",
        "\u{130}", "\u{131}",
        "\u{3A9}", "\u{2126}", "\u{AC00}", "\u{1100}\u{1161}", "\u{958}\u{338}", "a\u{345}\u{301}",
        "a\u{301}\u{345}",
        "zero\u{200B}width", "join\u{200D}er", "soft\u{AD}hyphen", "bom\u{FEFF}", "\u{202E}olleh",
        "\u{2066}iso\u{2069}",
        "no\u{A0}break", " leading", "trailing ", "ideo\u{3000}graphic", "tab\tname", "line\nfeed",
        "carriage\rreturn",
        "\u{2028}line", "\u{2029}paragraph", "next\u{85}line", "del\u{7F}", "nul\u{0}", "esc\u{1B}[31m",
        "\u{90}device",
        "\u{FFFD}", "\u{FFFE}", "\u{10FFFF}", "\u{E000}", "\u{1F9D1}\u{200D}\u{1F680}", "\u{1F1E9}\u{1F1EA}",
        "\u{E0061}\u{E007F}",
        "' OR 1=1 --", "\"; DROP TABLE orders;", "$(reboot)", "`id`", "%00", "%2e%2e%2f", "../../etc/passwd",
        "a/b", "a?b#c",
        "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "*", "user:*", "{user}", "[a-z]", "\\",
        "\\u0000", "null", "true",
        "0", "-0", "1e309", "NaN", "undefined", "+1", "a+b", "a b", "a;b", "a,b", "a=b&c=d", "#", "%", "%zz",
        "\u{FF0E}\u{FF0E}\u{FF0F}",
    ]

    @Test func namesKeepTheirBytes() throws {
        let users = try Self.check(Self.names)
        #expect(users > 40)
    }

    /// The Big List of Naughty Strings.
    @Test(.enabled(if: Corpora.has("big-list-of-naughty-strings")))
    func publicNamesKeepTheirBytes() throws {
        let bytes = try Corpora.bytes("blns.json", of: "big-list-of-naughty-strings")
        let document = try JSONValue(parsing: bytes.span, limits: JSONLimits(bytes: 1 << 20))
        let users = try Self.check(document.array?.compactMap(\.string) ?? [])
        #expect(users > 300)
    }

    /// How many of the strings are names of users.
    private static func check(_ strings: [String]) throws -> Int {
        let key = try SigningKey.generate(.hs256, id: "k")
        let issuer = TokenIssuer(key: key, issuer: "https://issuer.test", audience: "waybill-api")
        var verifier = TokenVerifier(
            keys: KeySet([key.verificationKey]),
            rules: TokenRules(issuer: "https://issuer.test", audience: "waybill-api"))
        var users: [ByteString] = []
        for string in strings {
            let bytes = Array(string.utf8)
            let text = JSONValue.string(string).encode()
            #expect(text.allSatisfy { $0 >= 0x20 })
            let read = try JSONValue(parsing: text.span).string ?? "-"
            #expect(Array(read.utf8) == bytes, "\(text)")
            let decoded = PercentEncoding.decode(PercentEncoding.encode(string))
            #expect(decoded.map { Array($0.utf8) } == bytes, "\(text)")

            guard let user = UserID(string) else { continue }
            users.append(ByteString(string))
            #expect(Array(user.value.utf8) == bytes)
            let token = try issuer.token(for: user.value, now: 1_800_000_000)
            let claims = try verifier.verify(token, now: 1_800_000_000)
            #expect(claims.userID.map { Array($0.utf8) } == bytes, "\(text)")
        }
        return Set(users).count
    }
}
