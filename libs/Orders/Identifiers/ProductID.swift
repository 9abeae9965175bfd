internal import Bytes

/// A product's external id.
package struct ProductID: Hashable, Sendable {
    private let bytes: ByteString

    package init(_ value: String) { bytes = ByteString(value) }

    package var value: String { bytes.text }
}

extension ProductID: Comparable {
    package static func < (left: ProductID, right: ProductID) -> Bool { left.bytes < right.bytes }
}

extension ProductID: CustomStringConvertible, ExpressibleByStringLiteral {
    package var description: String { value }

    package init(stringLiteral value: String) { self.init(value) }
}
