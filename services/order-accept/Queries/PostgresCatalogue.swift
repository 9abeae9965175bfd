import EventLoop
import Observability
import Orders
import Postgres

/// The current products, in memory.
@Loop
protocol CatalogueSource: AnyObject {
    /// Nil until it was first loaded.
    var current: Catalogue? { get }
}

/// ``CatalogueSource`` from the table `products`, loaded at the start and then every minute; the last version is kept
/// while PostgreSQL is unavailable.
@Loop
final class PostgresCatalogue: CatalogueSource, Service {
    private(set) var current: Catalogue?
    /// Set when the catalogue is first loaded.
    let loaded = AsyncSignal()
    private var readAt: Instant?
    private let pool: PostgresPool
    private let log: Logger

    private static let interval = Duration.seconds(60)
    private static let products = PostgresStatement.read(
        """
        SELECT external_product_id, name, category, vendor, image_url, discount::int4, billing_period,
               is_subscription, price, currency
        FROM products WHERE is_active AND deleted_at IS NULL
        """)

    init(_ pool: PostgresPool, log: Logger) {
        self.pool = pool
        self.log = log
    }

    /// The time since the last load.
    var age: Duration? { readAt?.duration(to: Loop.now) }

    /// Reads until the task is cancelled.
    func run() async throws {
        while true {
            await Loop.retry(Backoff(base: .milliseconds(100), cap: .seconds(5))) { failures in
                do {
                    try await refresh()
                    return true
                } catch {
                    log.log(
                        failures == 0 ? .warning : .debug, "catalogue.load_failed",
                        ["error": "\(error)", "keeps": current?.count])
                    return false
                }
            }
            try await Loop.sleep(for: Self.interval)
        }
    }

    private func refresh() async throws {
        let catalogue = Catalogue(try await pool.query(Self.products).map(Self.product))
        readAt = Loop.now
        guard catalogue.version != current?.version else { return }
        current = catalogue
        loaded.set()
        log.info("catalogue.loaded", ["products": catalogue.count])
    }

    private static func product(_ row: PostgresRow) throws -> Product {
        let price: PostgresNumeric = try row.decode(8)
        guard let period = Product.BillingPeriod(rawValue: try row.string(6)),
            let hundredths = price.unscaled(atScale: 2), let currency = Currency(try row.string(9))
        else { throw PostgresError(.decoding, "a product with values that are not known here") }
        return Product(
            externalProductID: ProductID(try row.string(0)), name: try row.string(1),
            category: try row.string(2),
            vendor: try row.string(3), imageURL: try row.string(4), discount: Int(try row.int32(5)),
            billingPeriod: period, isSubscription: try row.bool(7), price: Money(hundredths: hundredths),
            currency: currency)
    }
}
