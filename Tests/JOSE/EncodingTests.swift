import Foundation
import TestSupport
import Testing

@testable import JOSE

struct EncodingTests {
    /// RFC 4648, section 10, without the padding.
    @Test(
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func encodesTheVectorsOfTheRFC(_ text: String, _ encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: [
        "A", "AAAAA", "Zg==", "Zg=", "Zh", "Zm9", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm9v=", "Zm9vé",
        "Zm\09v",
    ])
    func rejectsNonCanonicalBase64URL(_ text: String) { #expect(Base64URL.decode(text) == nil) }

    @Test func base64URLAgreesWithFoundation() {
        var random = SeededGenerator(seed: 4648)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<70, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let reference = Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(Base64URL.encode(bytes) == reference)
            #expect(Base64URL.decode(reference) == bytes)
        }
    }

    @Test func convertsECDSASignaturesBetweenRawAndDER() throws {
        var random = SeededGenerator(seed: 7518)
        for leading in [0, 1, 5, 31] {
            for _ in 0..<50 {
                func half() -> [UInt8] {
                    [UInt8](repeating: 0, count: leading)
                        + (leading..<32).map { _ in UInt8.random(in: 1...255, using: &random) }
                }
                let raw = half() + half()
                let der = try #require(ECDSASignature.der(raw: raw))
                #expect(ECDSASignature.raw(der: der) == raw)
                for _ in 0..<4 { _ = ECDSASignature.raw(der: random.mutate(der)) }
            }
        }
        #expect(ECDSASignature.der(raw: [UInt8](repeating: 1, count: 63)) == nil)
        #expect(ECDSASignature.der(raw: [UInt8](repeating: 1, count: 65)) == nil)
        #expect(ECDSASignature.der(raw: []) == nil)
    }

    @Test func randomValuesDiffer() {
        var random = SecureRandom()
        #expect(Set((0..<1_000).map { _ in random.next() }).count == 1_000)
        #expect(SecureRandom.bytes(0) == [])
        #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
    }
}
