import Testing

@testable import Redis

@Suite struct RedisErrorTests {
    @Test(arguments: [
        ("WRONGPASS invalid username-password pair", RedisError.Code.authentication, false),
        ("NOAUTH Authentication required.", .authentication, false),
        ("NOPERM this user has no permissions", .authentication, false),
        ("MOVED 3999 127.0.0.1:6381", .moved, false),
        ("LOADING Redis is loading the dataset in memory", .server(prefix: "LOADING"), true),
        ("READONLY You can't write against a read only replica.", .server(prefix: "READONLY"), true),
        ("ERR unknown command", .server(prefix: "ERR"), false),
        ("NOSCRIPT No matching script.", .server(prefix: "NOSCRIPT"), false),
    ])
    func serverText(text: String, code: RedisError.Code, isRetriable: Bool) {
        let error = RedisError(serverText: text)
        #expect(error.code == code)
        #expect(error.isRetriable == isRetriable)
        #expect(!error.outcomeIsUnknown)
    }

    @Test func unknownOutcomes() {
        #expect(RedisError(.timeout).outcomeIsUnknown && RedisError(.connectionLost).outcomeIsUnknown)
        #expect(!RedisError(.notConnected).outcomeIsUnknown && !RedisError(.overloaded).outcomeIsUnknown)
    }

    @Test func descriptionHoldsNoData() {
        let error = RedisError(serverText: "ERR value 'secret' is bad")
        #expect(!"\(error)".contains("secret"))
    }
}
