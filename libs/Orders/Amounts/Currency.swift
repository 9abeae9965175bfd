/// An ISO 4217 code: three capital letters. Only currencies with two decimal places are supported.
package struct Currency: Hashable, Sendable {
    package static let euro = Currency(unchecked: "EUR")

    package let code: String

    package init?(_ code: String) {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else { return nil }
        self.code = code
    }

    private init(unchecked code: String) {
        self.code = code
    }
}

extension Currency: CustomStringConvertible {
    package var description: String { code }
}
