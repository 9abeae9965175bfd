import JOSE
import JSON
import Testing

struct TokenClaimsTests {
    static func verificationError(_ changes: [String: JSONValue?], now: Int = Fixture.now) throws
        -> JOSEError?
    {
        Fixture.verificationError(try Fixture.token(claims: Fixture.claims(changes)), now: now)
    }

    static func claims(_ changes: [String: JSONValue?]) throws -> TokenClaims {
        var verifier = Fixture.verifier()
        return try verifier.verify(try Fixture.token(claims: Fixture.claims(changes)), now: Fixture.now)
    }

    @Test(
        arguments: [
            ("1800000600", 0, nil), ("1800000600", 629, nil), ("1800000600", 630, .expired),
            ("1800000600.9", 629, nil),
            ("1800000600.9", 630, .expired), ("1.8000006e9", 0, nil), ("1799999971", 0, nil),
            ("1799999970", 0, .expired),
            ("0", 0, .expired), ("-1", 0, .expired), ("-1800000600", 0, .expired),
            ("9007199254740991", 0, nil),
            ("9007199254740992", 0, .malformed), ("1e300", 0, .malformed), ("1e999", 0, .malformed),
            ("\"1800000600\"", 0, .malformed), ("null", 0, .malformed), ("true", 0, .malformed),
            ("[]", 0, .malformed),
        ] as [(String, Int, JOSEError.Code?)])
    func checksExpiry(_ json: String, _ later: Int, _ code: JOSEError.Code?) throws {
        let error = try Self.verificationError(
            ["exp": try JSONValue(parsing: json)], now: Fixture.now + later)
        #expect(error?.code == code)
    }

    @Test func requiresExpiry() throws {
        #expect(try Self.verificationError(["exp": nil]) == JOSEError(.missingClaim, claim: "exp"))
    }

    @Test(
        arguments: [
            ("1800000000", nil), ("1800000030", nil), ("1800000031", .notYetValid),
            ("1800000030.1", .notYetValid),
            ("-5", nil), ("\"0\"", .malformed), ("9007199254740991", .notYetValid),
        ] as [(String, JOSEError.Code?)])
    func checksNotBefore(_ json: String, _ code: JOSEError.Code?) throws {
        #expect(try Self.verificationError(["nbf": try JSONValue(parsing: json)])?.code == code)
    }

    @Test func checksIssuer() throws {
        #expect(try Self.verificationError(["iss": nil]) == JOSEError(.missingClaim, claim: "iss"))
        for other: JSONValue in ["https://issuer.test/", "HTTPS://issuer.test", "", "https://issuer.tes"] {
            #expect(try Self.verificationError(["iss": other])?.code == .wrongIssuer)
        }
        #expect(
            try Self.verificationError(["iss": ["https://issuer.test"]])
                == JOSEError(.malformed, claim: "iss"))
    }

    @Test func checksAudience() throws {
        #expect(try Self.verificationError(["aud": ["other", "waybill-api"]]) == nil)
        #expect(try Self.verificationError(["aud": nil]) == JOSEError(.missingClaim, claim: "aud"))
        #expect(try Self.verificationError(["aud": []]) == JOSEError(.missingClaim, claim: "aud"))
        for other: JSONValue in ["other", ["other"], "waybill-api ", "WAYBILL-API", [""]] {
            #expect(try Self.verificationError(["aud": other])?.code == .wrongAudience)
        }
        for other: JSONValue in [1, [1], ["waybill-api", nil], ["a": "waybill-api"]] {
            #expect(try Self.verificationError(["aud": other])?.code == .malformed)
        }
    }

    @Test func readsTheUserIDFromTheFirstOfThreeClaims() throws {
        #expect(try Self.claims([:]).userID == "CUST-0001")
        let name = TokenClaims.nameIdentifier
        #expect(try Self.claims(["sub": nil, name: "N", "oid": "O"]).userID == "N")
        #expect(try Self.claims(["sub": "", name: "", "oid": "O"]).userID == "O")
        #expect(try Self.claims(["sub": nil, "oid": 7]).userID == nil)
        #expect(try Self.claims(["sub": nil]).userID == nil)
        #expect(try Self.verificationError(["sub": 7]) == JOSEError(.malformed, claim: "sub"))
    }

    @Test func readsRolesAndOtherClaims() throws {
        let claims = try Self.claims([
            "roles": ["operator", "auditor"], "role": "x", "jti": "1", "iat": 5, "n": ["a": 1],
        ])
        #expect(Set(claims.roles) == ["operator", "auditor", "x"])
        #expect(claims.id == "1")
        #expect(claims.issuedAt == 5)
        #expect(claims["n"]?["a"]?.int == 1)
        #expect(try Self.claims([:]).roles == [])
    }

    @Test(
        arguments: [
            "", "[]", "null", "7", #"{"exp":1,"exp":1}"#, #"{"sub":"a","\u0073ub":"b","exp":1}"#,
            "{\"exp\":1", "{} {}",
            "{\"x\":{\"y\":1,\"y\":2},\"exp\":1}",
        ])
    func rejectsMalformedPayloads(_ payload: String) throws {
        let token = try Fixture.keys[.hs256]!.sign(
            header: Fixture.header(.hs256).encode(), payload: Array(payload.utf8))
        #expect(Fixture.verificationError(token)?.code == .malformed)
    }

    @Test func rejectsDeeplyNestedClaims() throws {
        var value: JSONValue = 1
        for _ in 0..<14 { value = [value] }
        #expect(try Self.verificationError(["x": value]) == nil)
        for _ in 0..<10 { value = [value] }
        #expect(try Self.verificationError(["x": value])?.code == .malformed)
    }
}
