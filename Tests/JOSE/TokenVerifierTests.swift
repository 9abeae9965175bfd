import JSON
import TestSupport
import Testing

@testable import JOSE

struct TokenVerifierTests {
    @Test func cachesTokensUntilTheyExpire() throws {
        var verifier = Fixture.verifier()
        let token = try Fixture.token()
        let first = try verifier.verify(token, now: Fixture.now)
        #expect(try verifier.verify(token, now: Fixture.now + 629) == first)
        let error = #expect(throws: JOSEError.self) { try verifier.verify(token, now: Fixture.now + 630) }
        #expect(error?.code == .expired)
    }

    @Test func changedKeysClearTheCache() throws {
        var verifier = Fixture.verifier()
        let token = try Fixture.token(.es256)
        _ = try verifier.verify(token, now: Fixture.now)
        verifier.keys = Fixture.keySet
        _ = try verifier.verify(token, now: Fixture.now)
        verifier.keys = KeySet([try SigningKey.generate(.es256, id: "key-ES256").verificationKey])
        let error = #expect(throws: JOSEError.self) { try verifier.verify(token, now: Fixture.now) }
        #expect(error?.code == .badSignature)
    }

    @Test func aCachedSignatureDoesNotVerifyOtherClaims() throws {
        var verifier = Fixture.verifier()
        let parts = try Fixture.token().split(separator: ".").map(String.init)
        _ = try verifier.verify(parts.joined(separator: "."), now: Fixture.now)
        let other = Base64URL.encode(Fixture.claims(["sub": "CUST-0002"]).encode())
        let error = #expect(throws: JOSEError.self) {
            try verifier.verify("\(parts[0]).\(other).\(parts[2])", now: Fixture.now)
        }
        #expect(error?.code == .badSignature)
    }

    @Test func cacheEvictsTheOldestToken() throws {
        let claims = try TokenClaims(parsing: Fixture.claims().encode().span)
        var cache = TokenCache(capacity: 3)
        func token(_ number: Int) -> [UInt8] { Array("token-\(number)".utf8) }
        for number in 0..<10 {
            cache.insert(claims, for: token(number).span)
            cache.insert(claims, for: token(number).span)
            #expect(cache.count == min(number + 1, 3))
        }
        for number in 0..<10 { #expect((cache[token(number).span] != nil) == (number >= 7)) }
        cache.removeAll()
        #expect(cache.count == 0)
        cache.insert(claims, for: token(1).span)
        #expect(cache[token(1).span] == claims)
        var none = TokenCache(capacity: 0)
        none.insert(claims, for: token(1).span)
        #expect(none[token(1).span] == nil)
    }

    @Test func issuesTokensForUsers() throws {
        for algorithm in Algorithm.allCases {
            let issuer = TokenIssuer(
                key: try #require(Fixture.keys[algorithm]), issuer: Fixture.rules.issuer,
                audience: Fixture.rules.audience)
            var verifier = Fixture.verifier()
            let claims = try verifier.verify(
                try issuer.token(for: "CUST-\"é\"", roles: ["operator"], now: Fixture.now, lifetime: 60),
                now: Fixture.now)
            #expect(claims.userID == "CUST-\"é\"")
            #expect(claims.roles == ["operator"])
            #expect(claims.expiresAt == Fixture.now + 60)
        }
    }

    @Test(arguments: Algorithm.allCases)
    func rejectsEveryMutatedToken(_ algorithm: Algorithm) throws {
        var random = SeededGenerator(seed: UInt64(algorithm.rawValue.utf8.reduce(0) { $0 * 31 + Int($1) }))
        let token = Array(try Fixture.token(algorithm).utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=".utf8)
        var verifier = Fixture.verifier()
        let valid = try verifier.verify(token.span, now: Fixture.now)
        for _ in 0..<1_000 {
            let mutant = random.mutate(token, alphabet: alphabet)
            let claims = try? verifier.verify(mutant.span, now: Fixture.now)
            #expect(claims == nil || mutant == token)
        }
        #expect(try verifier.verify(token.span, now: Fixture.now) == valid)
    }
}
