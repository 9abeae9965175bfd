import EventLoop
import Observability
import Orders
import Postgres

/// The current products, in memory.
@Loop
protocol CatalogueSource: AnyObject {
    /// Nil until it was first loaded.
    var current: Catalogue? { get }
    /// Waits for a read that begins after the call, for a short time. Returns whether there is another version.
    func refresh(within limit: Duration) async -> Bool
}

/// ``CatalogueSource`` from the table `products`, loaded at the start, then every minute, and at once when a product is asked
/// for that is not in it; the last version is kept while PostgreSQL is unavailable.
@Loop
final class PostgresCatalogue: CatalogueSource, Service {
    private(set) var current: Catalogue?
    /// Set when the catalogue is first loaded.
    let loaded = AsyncSignal()
    private var readAt: Instant?
    /// Products whose row has a value that cannot be used, such as a price that is not a number.
    private var skipped: Set<ProductID> = []
    private let pool: PostgresPool
    private let log: Logger
    private let wanted = AsyncSignal()
    /// Set when the next read has ended.
    private var next = AsyncSignal()

    private static let interval = Duration.seconds(60)
    /// Between the beginnings of two reads, however many products are not known.
    private static let shortestInterval = Duration.milliseconds(50)
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
            let (start, ended) = (Loop.now, next)
            next = AsyncSignal()
            wanted.reset()
            await Loop.retry(Backoff(base: .milliseconds(100), cap: .seconds(5))) { failures in
                do {
                    try await read()
                    return true
                } catch {
                    log.log(
                        failures == 0 ? .warning : .debug, "catalogue.load_failed",
                        ["error": "\(error)", "keeps": current?.count])
                    return false
                }
            }
            ended.set()
            try await Loop.sleep(for: max(.zero, Self.shortestInterval - start.duration(to: Loop.now)))
            await wanted.wait(within: Self.interval)
            try Task.checkCancellation()
        }
    }

    func refresh(within limit: Duration) async -> Bool {
        let version = current?.version
        wanted.set()
        await next.wait(within: limit)
        return current?.version != version
    }

    private func read() async throws {
        let rows = try await pool.query(Self.products)
        var products: [Product] = []
        var unusable: Set<ProductID> = []
        for row in rows {
            do { products.append(try Self.product(row)) } catch {
                unusable.insert(ProductID(try row.string(0)))
                guard unusable.count < rows.count else { throw error }
            }
        }
        for id in unusable.subtracting(skipped).sorted() {
            log.warning("catalogue.product_skipped", ["product": id.value])
        }
        skipped = unusable
        let catalogue = Catalogue(products)
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
        else { throw PostgresError(.decoding, "the row of a product has a value that cannot be used") }
        return Product(
            externalProductID: ProductID(try row.string(0)), name: try row.string(1),
            category: try row.string(2),
            vendor: try row.string(3), imageURL: try row.string(4), discount: Int(try row.int32(5)),
            billingPeriod: period, isSubscription: try row.bool(7), price: Money(hundredths: hundredths),
            currency: currency)
    }
}
