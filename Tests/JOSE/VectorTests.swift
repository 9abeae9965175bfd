import JSON
import Testing

@testable import JOSE

/// The examples of the RFCs.
struct VectorTests {
    static let examplePayload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    static let modulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
        + "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"
        + "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia"
        + "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"

    static func set(_ jwk: String) throws -> KeySet {
        try KeySet(parsingJWKSet: "{\"keys\":[\(jwk)]}".utf8.span)
    }

    static func verifies(_ token: String, _ key: VerificationKey) -> Bool {
        guard let dot = token.lastIndex(of: "."),
            let signature = Base64URL.decode(String(token[token.index(after: dot)...]))
        else { return false }
        return key.verifies(signature, of: String(token[..<dot]).utf8.span)
    }

    /// RFC 7515, appendix A.1, which is RFC 7519, section 3.1.
    @Test func verifiesHS256() throws {
        let secret = try #require(
            Base64URL.decode(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        let token =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(Self.examplePayload).dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        #expect(Self.verifies(token, try .hmac(secret: secret)))
        #expect(!Self.verifies(token, try .hmac(secret: secret.reversed())))
        let signed = try SigningKey.hmac(secret: secret).sign(
            header: Array("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}".utf8),
            payload: try #require(Base64URL.decode(Self.examplePayload)))
        #expect(signed == token)
    }

    /// RFC 7515, appendix A.2.
    @Test func verifiesRS256() throws {
        let token =
            "eyJhbGciOiJSUzI1NiJ9.\(Self.examplePayload).cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh"
            + "-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPv"
            + "kSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9Q"
            + "OYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        let set = try Self.set(#"{"kty":"RSA","n":"\#(Self.modulus)","e":"AQAB"}"#)
        let key = try #require(set.keys.first)
        #expect(key.algorithm == .rs256)
        #expect(Self.verifies(token, key))
    }

    /// RFC 7515, appendix A.3.
    @Test func verifiesES256() throws {
        let token =
            "eyJhbGciOiJFUzI1NiJ9.\(Self.examplePayload)."
            + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        let set = try Self.set(
            #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
                + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#)
        #expect(Self.verifies(token, try #require(set.keys.first)))
    }

    /// RFC 8037, appendices A.2 and A.4.
    @Test func verifiesEdDSA() throws {
        let token =
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
            + "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        let set = try Self.set(
            #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
        #expect(Self.verifies(token, try #require(set.keys.first)))
    }

    @Test func parsesTheClaimsOfTheExample() throws {
        let payload = try #require(Base64URL.decode(Self.examplePayload))
        let claims = try TokenClaims(parsing: payload.span)
        #expect(claims.issuer == "joe")
        #expect(claims.expiresAt == 1_300_819_380)
        #expect(claims["http://example.com/is_root"]?.bool == true)
        #expect(claims.userID == nil)
    }

    /// FIPS 180-4's "abc", and the empty message.
    @Test func computesSHA256() {
        func hex(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        #expect(
            hex(SHA256.digest(of: Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hex(SHA256.digest(of: [])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
