/// The signature algorithms of RFC 7518 (section 3.1) and RFC 8037 that are accepted. Each key is bound to one of them.
package enum Algorithm: String, Sendable, CaseIterable {
    case hs256 = "HS256"
    case rs256 = "RS256"
    case ps256 = "PS256"
    case es256 = "ES256"
    case edDSA = "EdDSA"
}
