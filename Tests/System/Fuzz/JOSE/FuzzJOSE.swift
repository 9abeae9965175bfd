import JOSE

nonisolated(unsafe) private var verifier = TokenVerifier(
    keys: KeySet([try! .hmac(secret: secret)]), rules: TokenRules(issuer: "i", audience: "a"), cachedTokens: 8
)
private let secret = [UInt8](repeating: 7, count: 32)
private let signer = try! SigningKey.hmac(secret: secret)

/// Whatever the bytes, taken as a token, as the claims of a well-signed token and as a key set: no crash, no leak, and no
/// token signed with another key is good.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    precondition((try? unsafe verifier.verify(input.span, now: 1_000)) == nil)
    if let token = try? signer.sign(header: Array(#"{"alg":"HS256"}"#.utf8), payload: input) {
        _ = try? unsafe verifier.verify(token, now: 1_000)
    }
    if let set = try? KeySet(parsingJWKSet: input.span) {
        precondition(set.keys.allSatisfy { $0.algorithm != .hs256 })
    }
    return 0
}
