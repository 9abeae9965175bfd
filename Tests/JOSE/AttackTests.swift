import Foundation
import JSON
import Testing

@testable import JOSE

/// The attacks of RFC 8725, section 2.
struct AttackTests {
    static let payload = Fixture.claims().text

    @Test(arguments: Algorithm.allCases)
    func acceptsAValidToken(_ algorithm: Algorithm) throws {
        #expect(Fixture.verificationError(try Fixture.token(algorithm)) == nil)
    }

    @Test(arguments: [
        "none", "None", "NONE", "nOnE", "none ", "", "HS512", "hs256", "RS1", "HS256\\u0000", "ES256K",
    ])
    func rejectsUnsupportedAlgorithms(_ name: String) throws {
        let header = "{\"alg\":\"\(name)\",\"kid\":\"key-HS256\"}"
        for signature in [[], [0], [UInt8](repeating: 0, count: 32)] {
            #expect(
                Fixture.verificationError(Fixture.compact(header, Self.payload, signature))?.code
                    == .unsupportedAlgorithm)
        }
        let signed = try Fixture.keys[.hs256]!.sign(
            header: Array(header.utf8), payload: Array(Self.payload.utf8))
        #expect(Fixture.verificationError(signed)?.code == .unsupportedAlgorithm)
    }

    /// Section 2.1: the public key as an HMAC secret, in every published encoding.
    @Test func rejectsAPublicKeyUsedAsSecret() throws {
        let rsa = try #require(Fixture.keys[.rs256])
        let jwk = try #require(rsa.jwk)
        let n = try #require(jwk["n"]?.string.flatMap { Base64URL.decode($0) })
        let e = try #require(jwk["e"]?.string.flatMap { Base64URL.decode($0) })
        let info = DER.rsaKey(modulus: n, exponent: e)
        let base64 = Data(info).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let pem = "-----BEGIN PUBLIC KEY-----\n\(base64)\n-----END PUBLIC KEY-----\n"
        for secret in [info, n, Array(pem.utf8), Array(pem.dropLast().utf8), jwk.encode()] {
            let attacker = try SigningKey.hmac(secret: secret)
            for id in ["key-RS256", "key-HS256", nil] {
                var header: JSONValue = ["alg": "HS256"]
                if let id { header = ["alg": "HS256", "kid": .string(id)] }
                let token = try attacker.sign(header: header.encode(), payload: Array(Self.payload.utf8))
                let keys = KeySet([rsa.verificationKey])
                #expect(
                    Fixture.verificationError(token, keys)?.code
                        == (id == "key-HS256" ? .unknownKey : .unsupportedAlgorithm))
                #expect(Fixture.verificationError(token) != nil)
            }
        }
    }

    @Test func rejectsAnotherAlgorithmThanTheKeys() throws {
        for signer in Algorithm.allCases {
            for named in Algorithm.allCases where named != signer {
                let header: JSONValue = [
                    "alg": .string(named.rawValue), "kid": .string("key-\(signer.rawValue)"),
                ]
                #expect(
                    Fixture.verificationError(try Fixture.token(signer, header: header))?.code
                        == .unsupportedAlgorithm)
                let other: JSONValue = [
                    "alg": .string(named.rawValue), "kid": .string("key-\(named.rawValue)"),
                ]
                #expect(
                    Fixture.verificationError(try Fixture.token(signer, header: other))?.code == .badSignature
                )
            }
        }
    }

    /// CVE-2022-21449: r and s of zero or of the group's order.
    @Test func rejectsECDSASignaturesOfZero() {
        let header = Fixture.header(.es256).text
        let order: [UInt8] =
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8)
            + [
                0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25,
                0x51,
            ]
        let zero = [UInt8](repeating: 0, count: 32)
        let one: [UInt8] = [UInt8](repeating: 0, count: 31) + [1]
        for r in [zero, one, order] {
            for s in [zero, one, order] {
                #expect(
                    Fixture.verificationError(Fixture.compact(header, Self.payload, r + s))?.code
                        == .badSignature)
            }
        }
    }

    @Test func rejectsECDSASignaturesInDER() throws {
        let parts = try Fixture.token(.es256).split(separator: ".").map(String.init)
        let raw = try #require(Base64URL.decode(parts[2]))
        let der = try #require(ECDSASignature.der(raw: raw))
        #expect(
            Fixture.verificationError("\(parts[0]).\(parts[1]).\(Base64URL.encode(der))")?.code
                == .badSignature)
    }

    @Test(arguments: Algorithm.allCases)
    func rejectsTruncatedAndExtendedSignatures(_ algorithm: Algorithm) throws {
        let parts = try Fixture.token(algorithm).split(separator: ".").map(String.init)
        let signature = try #require(Base64URL.decode(parts[2]))
        for signature in [
            [], Array(signature.dropLast()), Array(signature.dropFirst()), signature + [0], [0] + signature,
            signature + signature,
        ] {
            #expect(
                Fixture.verificationError("\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))")?.code
                    == .badSignature)
        }
    }

    /// RFC 8017, section 8.1.2: a signature is as long as the modulus, also one that begins with a zero.
    @Test func rejectsASignatureWithoutItsLeadingZero() throws {
        for _ in 0..<10_000 {
            let parts = try Fixture.token(.ps256).split(separator: ".").map(String.init)
            let signature = try #require(Base64URL.decode(parts[2]))
            guard signature[0] == 0 else { continue }  // one in 256 begins with it
            #expect(
                Fixture.verificationError(
                    "\(parts[0]).\(parts[1]).\(Base64URL.encode(Array(signature.dropFirst())))")?.code
                    == .badSignature)
            return
        }
        Issue.record("no signature begins with a zero")
    }

    /// Section 2.4 and RFC 7515, section 4.1.3.
    @Test func ignoresEmbeddedKeys() throws {
        let attacker = try SigningKey.generate(.es256, id: "forged")
        let jwk = try #require(attacker.jwk)
        for extra in [
            ("jwk", jwk), ("jku", "https://forger.test/jwks"), ("x5u", "https://forger.test"),
            ("x5c", ["MIIB"]),
        ] {
            for id in ["forged", "key-ES256"] {
                let header: JSONValue = .object([
                    .init("alg", "ES256"), .init("kid", .string(id)), .init(extra.0, extra.1),
                ])
                let token = try attacker.sign(header: header.encode(), payload: Array(Self.payload.utf8))
                #expect(
                    Fixture.verificationError(token)?.code == (id == "forged" ? .unknownKey : .badSignature))
            }
            let valid = try Fixture.token(.es256, header: Fixture.header(.es256, [.init(extra.0, extra.1)]))
            #expect(Fixture.verificationError(valid) == nil)
        }
    }

    /// RFC 7515, section 4.1.11.
    @Test(arguments: [["exp"], ["b64"], [], "exp", nil, [1]] as [JSONValue])
    func rejectsCriticalExtensions(_ value: JSONValue) throws {
        let header = Fixture.header(.hs256, [.init("crit", value), .init("b64", false)])
        #expect(Fixture.verificationError(try Fixture.token(header: header))?.code == .unsupportedHeader)
    }

    @Test(
        arguments: [
            ("JWT", true), ("jwt", true), ("at+jwt", true), ("application/at+jwt", true), ("JOSE", false),
            ("dpop+jwt", false), ("secevent+jwt", false), ("", false), ("JWT ", false),
        ])
    func acceptsOnlyAccessTokenTypes(_ type: String, _ isAccepted: Bool) throws {
        let token = try Fixture.token(header: Fixture.header(.hs256, [.init("typ", .string(type))]))
        #expect(Fixture.verificationError(token)?.code == (isAccepted ? nil : .unsupportedHeader))
    }

    @Test(
        arguments: [
            #"{"alg":"HS256","alg":"HS256"}"#, #"{"alg":"none","\u0061lg":"HS256"}"#, #"{"alg":1}"#,
            #"{"alg":null}"#,
            #"{"alg":["HS256"]}"#, "{}", "[]", "\"HS256\"", "", "{\"alg\":\"HS256\"", #"{"alg":"HS256"}}"#,
            #"{"alg":"HS256","kid":7}"#, #"{"alg":"HS256","typ":null}"#, "\u{FEFF}{\"alg\":\"HS256\"}",
            String(repeating: "[", count: 1000),
            #"{"alg":"HS256","x":"# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
                + "}",
        ])
    func rejectsMalformedHeaders(_ header: String) throws {
        let token = try Fixture.keys[.hs256]!.sign(
            header: Array(header.utf8), payload: Array(Self.payload.utf8))
        #expect(Fixture.verificationError(token)?.code == .malformed)
    }

    @Test func rejectsMalformedTokens() throws {
        let token = try Fixture.token()
        let parts = token.split(separator: ".").map(String.init)
        let malformed = [
            "", ".", "..", "...", "a", "a.b", parts[0], "\(parts[0]).\(parts[1])", "\(token).", ".\(token)",
            "\(token).x", "\(token)=", "\(token) ", " \(token)", "\(token)\n",
            token.replacing(".", with: ".."),
            "\(parts[0])=.\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).\(parts[2])!", "Bearer \(token)",
        ]
        for text in malformed { #expect(Fixture.verificationError(text)?.code == .malformed, "\(text)") }
    }

    /// The last character of an encoded signature has unused bits, which must be zero.
    @Test func rejectsNonZeroUnusedBits() throws {
        var token = Array(try Fixture.token().utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let last = try #require(alphabet.firstIndex(of: token[token.count - 1]))
        #expect(last % 4 == 0)
        for bits in 1..<4 {
            token[token.count - 1] = alphabet[last + bits]
            #expect(Fixture.verificationError(String(decoding: token, as: UTF8.self))?.code == .malformed)
        }
    }

    @Test func rejectsTokensAboveTheSizeLimit() throws {
        let token = try Fixture.token(
            claims: Fixture.claims(["x": .string(String(repeating: "x", count: 13_000))]))
        #expect(Fixture.verificationError(token)?.code == .tooLarge)
        let long = try Fixture.token(
            claims: Fixture.claims(["x": .string(String(repeating: "x", count: 11_000))]))
        #expect(Fixture.verificationError(long) == nil)
    }

    @Test func descriptionsOmitClaimValues() throws {
        let error = try #require(
            Fixture.verificationError(try Fixture.token(claims: Fixture.claims(["exp": "SECRET"]))))
        #expect(error.description == "JOSE malformed (exp)")
    }
}
