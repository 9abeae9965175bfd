import Observability
import Testing

@Suite struct RedactionTests {
    @Test func secretsAreRedactedInDescriptionsAndMirrors() {
        let secret = Secret("hunter2")
        struct Container { let secret: Secret<String> }
        var dumped = ""
        dump(Container(secret: secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(Container(secret: secret))", dumped] {
            #expect(!text.contains("hunter2"), "\(text)")
            #expect(text.contains("redacted"))
        }
        #expect(secret.reveal() == "hunter2")
    }

    @Test(arguments: [
        ("redis://app:pw@host:6379", "redis://app:<redacted>@host:6379"),
        ("redis://:pw@host", "redis://:<redacted>@host"),
        ("amqp://u:p@w@host/v", "amqp://u:<redacted>@host/v"),
        ("postgresql://u:a/b@host/db?sslmode=require", "postgresql://u:<redacted>@host/db?sslmode=require"),
        ("https://host:80/path", "https://host:80/path"),
        ("http://host/ws?access_token=abc&x=1", "http://host/ws?access_token=<redacted>&x=1"),
        ("mailto:a@b", "mailto:a@b"), ("", ""),
    ])
    func redactsPasswordsInURLs(text: String, redacted: String) {
        #expect(Redaction.url(text) == redacted)
    }

    @Test(arguments: [
        ("/ws", "/ws"), ("/ws?", "/ws?"),
        ("/ws?access_token=abc", "/ws?access_token=<redacted>"),
        ("/ws?a=1&ACCESS_TOKEN=abc&b=2", "/ws?a=1&ACCESS_TOKEN=<redacted>&b=2"),
        ("/ws?access%5Ftoken=abc", "/ws?access%5Ftoken=<redacted>"),
        ("/ws?%61ccess_token=a=b", "/ws?%61ccess_token=<redacted>"),
        ("/ws?access_token", "/ws?access_token"), ("/ws?%=x&%4=y", "/ws?%=x&%4=y"),
        ("/ws?x=1?access_token=abc", "/ws?x=1?access_token=abc"),
    ])
    func redactsTokensInRequestTargets(text: String, redacted: String) {
        #expect(Redaction.target(text) == redacted)
    }
}
