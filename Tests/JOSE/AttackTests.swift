import Foundation
import JSON
import Testing

@testable import JOSE

/// RFC 8725, section 2: what forgers have tried.
struct AttackTests {
    static let payload = Fixture.claims().text

    @Test(arguments: Algorithm.allCases)
    func theHonestTokenPasses(_ algorithm: Algorithm) throws {
        #expect(Fixture.refusal(try Fixture.token(algorithm)) == nil)
    }

    @Test(arguments: [
        "none", "None", "NONE", "nOnE", "none ", "", "HS512", "hs256", "RS1", "HS256\\u0000", "ES256K",
    ])
    func unknownAlgorithms(_ name: String) throws {
        let header = "{\"alg\":\"\(name)\",\"kid\":\"key-HS256\"}"
        for signature in [[], [0], [UInt8](repeating: 0, count: 32)] {
            #expect(
                Fixture.refusal(Fixture.compact(header, Self.payload, signature))?.code
                    == .unsupportedAlgorithm)
        }
        let signed = try Fixture.keys[.hs256]!.sign(
            header: Array(header.utf8), payload: Array(Self.payload.utf8))
        #expect(Fixture.refusal(signed)?.code == .unsupportedAlgorithm)
    }

    /// Section 2.1: the public key as an HMAC secret, in every form it is published in.
    @Test func publicKeyAsSecret() throws {
        let rsa = try #require(Fixture.keys[.rs256])
        let jwk = try #require(rsa.jwk)
        let n = try #require(jwk["n"]?.string.flatMap { Base64URL.decode($0) })
        let e = try #require(jwk["e"]?.string.flatMap { Base64URL.decode($0) })
        let info = DER.rsaKey(modulus: n, exponent: e)
        let base64 = Data(info).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let pem = "-----BEGIN PUBLIC KEY-----\n\(base64)\n-----END PUBLIC KEY-----\n"
        for secret in [info, n, Array(pem.utf8), Array(pem.dropLast().utf8), jwk.encode()] {
            let forger = try SigningKey.hmac(secret: secret)
            for id in ["key-RS256", "key-HS256", nil] {
                var header: JSONValue = ["alg": "HS256"]
                if let id { header = ["alg": "HS256", "kid": .string(id)] }
                let token = try forger.sign(header: header.encode(), payload: Array(Self.payload.utf8))
                let keys = KeySet([rsa.verificationKey])
                #expect(
                    Fixture.refusal(token, keys)?.code
                        == (id == "key-HS256" ? .unknownKey : .unsupportedAlgorithm))
                #expect(Fixture.refusal(token) != nil)
            }
        }
    }

    /// Every key with every other algorithm's name in the header.
    @Test func algorithmsArePinned() throws {
        for signer in Algorithm.allCases {
            for named in Algorithm.allCases where named != signer {
                let header: JSONValue = [
                    "alg": .string(named.rawValue), "kid": .string("key-\(signer.rawValue)"),
                ]
                #expect(
                    Fixture.refusal(try Fixture.token(signer, header: header))?.code == .unsupportedAlgorithm)
                let other: JSONValue = [
                    "alg": .string(named.rawValue), "kid": .string("key-\(named.rawValue)"),
                ]
                #expect(Fixture.refusal(try Fixture.token(signer, header: other))?.code == .badSignature)
            }
        }
    }

    /// CVE-2022-21449: r and s of zero; and the group's order in their place.
    @Test func ellipticSignaturesOfNothing() {
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
                #expect(Fixture.refusal(Fixture.compact(header, Self.payload, r + s))?.code == .badSignature)
            }
        }
    }

    @Test func ellipticSignatureAsDER() throws {
        let parts = try Fixture.token(.es256).split(separator: ".").map(String.init)
        let raw = try #require(Base64URL.decode(parts[2]))
        let der = try #require(ECDSASignature.der(raw: raw))
        #expect(Fixture.refusal("\(parts[0]).\(parts[1]).\(Base64URL.encode(der))")?.code == .badSignature)
    }

    @Test(arguments: Algorithm.allCases)
    func truncatedAndExtendedSignatures(_ algorithm: Algorithm) throws {
        let parts = try Fixture.token(algorithm).split(separator: ".").map(String.init)
        let whole = try #require(Base64URL.decode(parts[2]))
        for signature in [
            [], Array(whole.dropLast()), Array(whole.dropFirst()), whole + [0], [0] + whole, whole + whole,
        ] {
            #expect(
                Fixture.refusal("\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))")?.code
                    == .badSignature)
        }
    }

    /// Section 2.4 and RFC 7515, section 4.1.3: keys that a token brings along are not looked at.
    @Test func embeddedKeys() throws {
        let forger = try SigningKey.generate(.es256, id: "forged")
        let jwk = try #require(forger.jwk)
        for extra in [
            ("jwk", jwk), ("jku", "https://forger.test/jwks"), ("x5u", "https://forger.test"),
            ("x5c", ["MIIB"]),
        ] {
            for id in ["forged", "key-ES256"] {
                let header: JSONValue = .object([
                    .init("alg", "ES256"), .init("kid", .string(id)), .init(extra.0, extra.1),
                ])
                let token = try forger.sign(header: header.encode(), payload: Array(Self.payload.utf8))
                #expect(Fixture.refusal(token)?.code == (id == "forged" ? .unknownKey : .badSignature))
            }
            let honest = try Fixture.token(.es256, header: Fixture.header(.es256, [.init(extra.0, extra.1)]))
            #expect(Fixture.refusal(honest) == nil)
        }
    }

    /// RFC 7515, section 4.1.11.
    @Test(arguments: [["exp"], ["b64"], [], "exp", nil, [1]] as [JSONValue])
    func criticalExtensions(_ value: JSONValue) throws {
        let header = Fixture.header(.hs256, [.init("crit", value), .init("b64", false)])
        #expect(Fixture.refusal(try Fixture.token(header: header))?.code == .unsupportedHeader)
    }

    @Test(
        arguments: [
            ("JWT", true), ("jwt", true), ("at+jwt", true), ("application/at+jwt", true), ("JOSE", false),
            ("dpop+jwt", false), ("secevent+jwt", false), ("", false), ("JWT ", false),
        ])
    func tokenTypes(_ type: String, _ isAccepted: Bool) throws {
        let token = try Fixture.token(header: Fixture.header(.hs256, [.init("typ", .string(type))]))
        #expect(Fixture.refusal(token)?.code == (isAccepted ? nil : .unsupportedHeader))
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
    func malformedHeaders(_ header: String) throws {
        let token = try Fixture.keys[.hs256]!.sign(
            header: Array(header.utf8), payload: Array(Self.payload.utf8))
        #expect(Fixture.refusal(token)?.code == .malformed)
    }

    @Test func misshapenTokens() throws {
        let token = try Fixture.token()
        let parts = token.split(separator: ".").map(String.init)
        let misshapen = [
            "", ".", "..", "...", "a", "a.b", parts[0], "\(parts[0]).\(parts[1])", "\(token).", ".\(token)",
            "\(token).x", "\(token)=", "\(token) ", " \(token)", "\(token)\n",
            token.replacing(".", with: ".."),
            "\(parts[0])=.\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).\(parts[2])!", "Bearer \(token)",
        ]
        for text in misshapen { #expect(Fixture.refusal(text)?.code == .malformed, "\(text)") }
    }

    /// The last character of a signature has bits to spare: only zeros are that signature.
    @Test func spareBitsOfTheSignature() throws {
        var token = Array(try Fixture.token().utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let last = try #require(alphabet.firstIndex(of: token[token.count - 1]))
        #expect(last % 4 == 0)
        for spare in 1..<4 {
            token[token.count - 1] = alphabet[last + spare]
            #expect(Fixture.refusal(String(decoding: token, as: UTF8.self))?.code == .malformed)
        }
    }

    @Test func hugeTokens() throws {
        let token = try Fixture.token(
            claims: Fixture.claims(["x": .string(String(repeating: "x", count: 8192))]))
        #expect(Fixture.refusal(token)?.code == .tooLarge)
        let long = try Fixture.token(
            claims: Fixture.claims(["x": .string(String(repeating: "x", count: 5000))]))
        #expect(Fixture.refusal(long) == nil)
    }

    @Test func descriptionsSayNothing() throws {
        let error = try #require(
            Fixture.refusal(try Fixture.token(claims: Fixture.claims(["exp": "SECRET"]))))
        #expect(error.description == "JOSE malformed (exp)")
    }
}
