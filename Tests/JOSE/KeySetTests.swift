import JOSE
import JSON
import Testing

struct KeySetTests {
    static func set(_ keys: [JSONValue]) throws -> KeySet {
        let document: JSONValue = ["keys": .array(keys)]
        return try KeySet(parsingJWKSet: document.encode().span)
    }

    static func jwk(_ algorithm: Algorithm, _ changes: [String: JSONValue?] = [:]) throws -> JSONValue {
        var members = try #require(Fixture.keys[algorithm]?.jwk?.members)
        for (name, value) in changes {
            members.removeAll { $0.key == name }
            if let value { members.append(.init(name, value)) }
        }
        return .object(members)
    }

    @Test(arguments: [.rs256, .ps256, .es256, .edDSA] as [Algorithm])
    func keysFromAJWKSetVerifySignatures(_ algorithm: Algorithm) throws {
        let set = try Self.set([try Self.jwk(algorithm)])
        #expect(set.keys.map(\.id) == ["key-\(algorithm.rawValue)"])
        #expect(set == KeySet([try #require(Fixture.keys[algorithm]).verificationKey]))
        #expect(Fixture.verificationError(try Fixture.token(algorithm), set) == nil)
        #expect(Fixture.keys[.hs256]?.jwk == nil)
    }

    @Test func skipsUnsupportedAndInvalidKeys() throws {
        let secret = JSONValue.string(Base64URL.encode([UInt8](repeating: 7, count: 32)))
        let keys: [JSONValue] = [
            [:], ["kty": "oct", "k": secret, "alg": "HS256"],
            ["kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"],
            ["kty": "OKP", "crv": "X25519", "x": secret], ["kty": 7], ["kty": "RSA"],
            try Self.jwk(.rs256, ["use": "enc"]), try Self.jwk(.rs256, ["use": nil, "key_ops": ["sign"]]),
            try Self.jwk(.rs256, ["alg": "RSA-OAEP"]), try Self.jwk(.rs256, ["alg": "ES256"]),
            try Self.jwk(.rs256, ["alg": "HS256"]), try Self.jwk(.es256, ["alg": "RS256"]),
            try Self.jwk(.rs256, ["n": "AQAB"]), try Self.jwk(.rs256, ["e": "AQ"]),
            try Self.jwk(.rs256, ["e": "Ag"]),
            try Self.jwk(.rs256, ["e": ""]), try Self.jwk(.rs256, ["n": "not base64!"]),
            try Self.jwk(.es256, ["x": secret]), try Self.jwk(.es256, ["y": "AA"]),
            try Self.jwk(.edDSA, ["x": "AA"]),
        ]
        #expect(try Self.set(keys).keys.isEmpty)
        let set = try Self.set(
            keys + [try Self.jwk(.es256, ["use": nil, "key_ops": ["verify"], "x5c": ["?"]])])
        #expect(set.keys.map(\.algorithm) == [.es256])
    }

    @Test(arguments: [.rs256, .ps256] as [Algorithm])
    func rsaKeysWithoutAlgorithmServeTheirFamily(algorithm: Algorithm) throws {
        let set = try Self.set([try Self.jwk(algorithm, ["alg": nil])])
        #expect(set.keys.map(\.algorithm) == [.rs256, .ps256])
        #expect(Fixture.verificationError(try Fixture.token(algorithm), set) == nil)
    }

    @Test func unusableEntriesAreSkippedAndTheNumberIsLimited() throws {
        let key = try Self.jwk(.es256)
        let filler: [JSONValue] = [1, "x", nil, [], [:]]
        #expect(try Self.set(filler + [key]).keys.count == 1)
        let many = Array(repeating: filler, count: 200).flatMap(\.self)
        #expect(try Self.set(many.dropLast() + [key]).keys.count == 1)
        #expect(try Self.set(many + [key]).keys.isEmpty)
        #expect(try Self.set(Array(repeating: key, count: 65)).keys.count == 65)
    }

    /// Two keys share a name during a rotation, or tokens name none.
    @Test(arguments: ["a", nil]) func everyKeyThatMayBeMeantIsTried(id: String?) throws {
        let keys = try (0..<6).map { _ in try SigningKey.generate(.edDSA, id: id) }
        let set = KeySet(keys.map(\.verificationKey))
        for (index, key) in keys.enumerated() {
            var header: JSONValue = ["alg": "EdDSA"]
            if let id { header = ["alg": "EdDSA", "kid": .string(id)] }
            let token = try key.sign(header: header.encode(), payload: Fixture.claims().encode())
            // At most four, so that a forged token costs little.
            #expect(Fixture.verificationError(token, set)?.code == (index < 4 ? nil : .badSignature))
        }
    }

    /// U+212A is canonically equivalent to K.
    @Test func keyIDsAreComparedAsBytes() throws {
        let key = try SigningKey.generate(.edDSA, id: "K1")
        let header: JSONValue = ["alg": "EdDSA", "kid": "\u{212A}1"]
        let token = try key.sign(header: header.encode(), payload: Fixture.claims().encode())
        #expect(Fixture.verificationError(token, KeySet([key.verificationKey]))?.code == .unknownKey)
    }

    @Test(arguments: [
        "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]", "{\"keys\":[],\"keys\":[]}",
    ])
    func rejectsDocumentsThatAreNoJWKSet(_ text: String) {
        let error = #expect(throws: JOSEError.self) { try KeySet(parsingJWKSet: text.utf8.span) }
        #expect(error?.code == .malformed)
    }

    @Test func selectsKeysByKeyID() throws {
        let first = try SigningKey.generate(.edDSA, id: "a")
        let second = try SigningKey.generate(.edDSA, id: "b")
        let set = KeySet([first.verificationKey, second.verificationKey])
        func token(_ key: SigningKey, _ id: String?) throws -> String {
            var header: JSONValue = ["alg": "EdDSA"]
            if let id { header = ["alg": "EdDSA", "kid": .string(id)] }
            return try key.sign(header: header.encode(), payload: Fixture.claims().encode())
        }
        #expect(Fixture.verificationError(try token(first, "a"), set) == nil)
        #expect(Fixture.verificationError(try token(second, "b"), set) == nil)
        #expect(Fixture.verificationError(try token(first, "b"), set)?.code == .badSignature)
        #expect(Fixture.verificationError(try token(first, "c"), set)?.code == .unknownKey)
        #expect(Fixture.verificationError(try token(first, nil), set) == nil)
        #expect(Fixture.verificationError(try token(first, nil), KeySet([first.verificationKey])) == nil)
        let unnamed = try SigningKey.generate(.edDSA)
        #expect(Fixture.verificationError(try token(unnamed, "z"), KeySet([unnamed.verificationKey])) == nil)
        #expect(Fixture.verificationError(try token(first, "a"), KeySet([]))?.code == .unknownKey)
    }

    @Test func rejectsWeakKeys() {
        func bytes(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }
        func rejects(_ make: @autoclosure () throws -> VerificationKey) -> Bool {
            do {
                _ = try make()
                return false
            } catch {
                return (error as? JOSEError)?.code == .invalidKey
            }
        }
        #expect(rejects(try VerificationKey.hmac(secret: bytes(1, 31))))
        #expect(rejects(try VerificationKey.rsa(modulus: bytes(0xFF, 255), exponent: [1, 0, 1])))
        #expect(rejects(try VerificationKey.rsa(modulus: [0x7F] + bytes(0xFF, 255), exponent: [1, 0, 1])))
        #expect(rejects(try VerificationKey.rsa(modulus: bytes(0xFF, 2048), exponent: [1, 0, 1])))
        #expect(rejects(try VerificationKey.rsa(modulus: bytes(0xFF, 255) + [0xFE], exponent: [1, 0, 1])))
        #expect(rejects(try VerificationKey.rsa(modulus: bytes(0xFF, 256), exponent: [1, 0, 0])))
        #expect(rejects(try VerificationKey.rsa(modulus: bytes(0xFF, 256), exponent: [])))
        #expect(rejects(try VerificationKey.p256(x: bytes(1, 32), y: bytes(1, 32))))
        #expect(rejects(try VerificationKey.p256(x: bytes(0, 32), y: bytes(0, 32))))
        #expect(rejects(try VerificationKey.ed25519(bytes(1, 31))))
        // The neutral point, in its two spellings, with either sign.
        for last in [0x00, 0x80] as [UInt8] {
            #expect(rejects(try VerificationKey.ed25519([1] + bytes(0, 30) + [last])))
            #expect(rejects(try VerificationKey.ed25519([0xEE] + bytes(0xFF, 30) + [0x7F | last])))
        }
    }
}
