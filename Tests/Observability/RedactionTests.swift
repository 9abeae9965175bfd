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
        ("http://host/ws?access_token=abc&x=1", "http://host/ws?access_token=<redacted>&x=<redacted>"),
        ("mailto:a@b", "mailto:a@b"), ("", ""),
    ])
    func redactsPasswordsInURLs(text: String, redacted: String) {
        #expect(Redaction.url(text) == redacted)
    }

    @Test(arguments: [
        ("/ws", "/ws"), ("/ws?", "/ws?"),
        ("/ws?access_token=abc", "/ws?access_token=<redacted>"),
        ("/api/orders?offset=20&size=10&after=", "/api/orders?offset=20&size=10&after=<redacted>"),
        ("/ws?epoch=a-1&ACCESS_TOKEN=abc", "/ws?epoch=a-1&ACCESS_TOKEN=<redacted>"),
        ("/ws?access%5Ftoken=abc", "/ws?<redacted>"), ("/ws?%61ccess_token=a=b", "/ws?<redacted>"),
        ("/ws?eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "/ws?<redacted>"),
        ("/ws?%=x&%4=y", "/ws?<redacted>&<redacted>"),
        ("/ws?size=1?access_token=abc", "/ws?size=<redacted>"), ("/ws??access_token=abc", "/ws?<redacted>"),
        ("/ws?size=1&amp;access_token=abc", "/ws?size=1&<redacted>"),
        ("/ws?size=1;access_token=abc", "/ws?size=<redacted>"),
        ("/ws?size=eyJhbGciOiJIUzI1NiJ9eyJzdWIiOiJDVVNULTEifQ", "/ws?size=<redacted>"),
    ])
    func redactsTokensInRequestTargets(text: String, redacted: String) {
        #expect(Redaction.target(text) == redacted)
    }
}
