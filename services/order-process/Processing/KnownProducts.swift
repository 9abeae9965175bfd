import EventLoop
import OrderEvents
import OrderRecords
import Orders

/// The products there are, so that an order for none of them is parked without failing its whole batch.
@Loop
final class KnownProducts {
    private let store: any OrderStore
    private var currencies: [String: Currency] = [:]
    private var readAt: Instant?

    /// Orders for products that do not exist must not make us read the catalogue all the time.
    private static let freshness = Duration.seconds(1)

    init(_ store: any OrderStore) { self.store = store }

    /// Refuses the items whose products do not exist.
    func check(_ work: inout ProcessingBatch) async throws {
        if work.items.contains(where: { unknown(in: $0) != nil }), isStale {
            currencies = try await store.currencies()
            readAt = .systemNow()
        }
        for index in work.items.indices {
            guard let product = unknown(in: work.items[index]) else { continue }
            work.reject(index, "Product \(product) does not exist.")
        }
        work.dropSettled()
    }

    /// The lines of one order share theirs.
    func currency(of item: BatchItem) -> Currency {
        item.event.lines.first.flatMap { currencies[$0.productID] } ?? .euro
    }

    private func unknown(in item: BatchItem) -> String? {
        item.event.lines.first { currencies[$0.productID] == nil }?.productID
    }

    private var isStale: Bool { readAt.map { $0.duration(to: .systemNow()) > Self.freshness } ?? true }
}
