import EventLoop
import OrderEvents
import OrderRecords
import Orders

/// The existing products, so that an order for an unknown one is dead-lettered without failing its batch.
@Loop
final class KnownProducts {
    private let store: any OrderStore
    private var currencies: [ProductID: Currency] = [:]
    private var readAt: Instant?

    /// Bounds how often orders for unknown products cause the catalogue to be read.
    private static let freshness = Duration.seconds(1)

    init(_ store: any OrderStore) { self.store = store }

    /// Some no longer exist.
    func forget() { (currencies, readAt) = ([:], nil) }

    /// Rejects the items with unknown products.
    func check(_ work: inout ProcessingBatch) async throws {
        if work.items.contains(where: { unknown(in: $0) != nil }), isStale {
            currencies = try await store.currencies()
            readAt = .systemNow()
        }
        for index in work.items.indices {
            guard let product = unknown(in: work.items[index]) else { continue }
            work.reject(index, "Product \(product) does not exist.", .productUnavailable)
        }
        work.dropSettled()
    }

    /// The lines of an order share a currency.
    func currency(of item: BatchItem) -> Currency {
        item.event.currency ?? item.event.lines.first.flatMap { currencies[$0.productID] } ?? .euro
    }

    private func unknown(in item: BatchItem) -> ProductID? {
        item.event.lines.first { currencies[$0.productID] == nil }?.productID
    }

    private var isStale: Bool { readAt.map { $0.duration(to: .systemNow()) > Self.freshness } ?? true }
}
