/// The active products in memory, so that lookups and pages need no database access.
package struct Catalogue: Sendable {
    package struct Page: Hashable, Sendable {
        package var offset: Int
        package var size: Int
        package var total: Int
        package var items: ArraySlice<Product>
    }

    /// Allowed page sizes.
    package static let pageSizes = 1...100

    package static let empty = Catalogue([])

    /// Sorted by the bytes of the external product id.
    package let products: [Product]
    /// A digest of the products' content, usable as an entity tag.
    package let version: UInt64
    private let positions: [ProductID: Int]

    /// Of products with the same external id the last one is kept.
    package init(_ products: some Sequence<Product>) {
        var byID: [ProductID: Product] = [:]
        for product in products { byID[product.externalProductID] = product }
        let sorted = byID.values.sorted { $0.externalProductID < $1.externalProductID }
        var positions: [ProductID: Int] = [:]
        positions.reserveCapacity(sorted.count)
        var digest = ContentDigest()
        for (position, product) in sorted.enumerated() {
            positions[product.externalProductID] = position
            digest.add(product)
        }
        self.products = sorted
        self.positions = positions
        self.version = digest.value
    }

    package var count: Int { products.count }

    package subscript(externalProductID: ProductID) -> Product? {
        positions[externalProductID].map { products[$0] }
    }

    /// Nil when `offset` is negative or `size` is not in ``pageSizes``; a page past the end has no items.
    package func page(offset: Int, size: Int) -> Page? {
        guard offset >= 0, Self.pageSizes.contains(size) else { return nil }
        let start = min(offset, products.count)
        let end = min(start + size, products.count)
        return Page(offset: offset, size: size, total: products.count, items: products[start..<end])
    }
}

/// FNV-1a of 64 bits: equal in every process, unlike `Hasher`.
private struct ContentDigest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ product: Product) {
        add(product.externalProductID.value)
        add(product.name)
        add(product.category)
        add(product.vendor)
        add(product.imageURL)
        add("\(product.discount)|\(product.billingPeriod.rawValue)|\(product.isSubscription)")
        add("\(product.price)|\(product.currency)")
    }

    private mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        // Separates the fields: no UTF-8 text contains this byte.
        add(0xFF)
    }

    private mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }
}
