internal import OrderEvents
internal import Orders
internal import Postgres

/// A batch of records as the columns of ``OrderStoreStatements/insertOrders``.
struct RecordColumns {
    private var ids: [Int64] = []
    private var correlationIDs: [PostgresUUID] = []
    private var customers: [String] = []
    private var statuses: [String] = []
    private var totals: [PostgresNumeric] = []
    private var currencies: [String] = []
    private var acceptedAt: [PostgresTimestamp] = []
    private var acceptances: [String] = []
    private var acceptanceMetadata: [String] = []
    private var outcomeTypes: [String] = []
    private var outcomes: [String] = []
    private var outcomeMetadata: [String] = []
    private var outcomeTimes: [PostgresTimestamp] = []
    private var idempotencyKeys: [String?] = []
    private var failureCodes: [String?] = []

    private var lineOrders: [Int64] = []
    private var lineNumbers: [Int32] = []
    private var lineProducts: [String] = []
    private var linePrices: [PostgresNumeric] = []
    private var lineQuantities: [Int32] = []
    private var lineNames: [String?] = []
    private var lineImages: [String?] = []

    private var allowsUnknownProducts = false

    init(_ records: [OrderRecord]) {
        for record in records { append(record) }
        allowsUnknownProducts = records.allSatisfy { $0.status == .failed }
    }

    private mutating func append(_ record: OrderRecord) {
        let contents = record.contents
        ids.append(contents.orderID.value)
        correlationIDs.append(PostgresUUID(contents.correlationID))
        customers.append(contents.customer.value)
        statuses.append(record.status.wireName)
        totals.append(PostgresNumeric(record.total))
        currencies.append(record.currency.code)
        acceptedAt.append(PostgresTimestamp(contents.acceptedAt))
        acceptances.append(String(decoding: record.acceptance.payload, as: UTF8.self))
        acceptanceMetadata.append(record.acceptance.metadata.json)
        outcomeTypes.append(record.outcome.type.rawValue)
        outcomes.append(String(decoding: record.outcome.payload, as: UTF8.self))
        outcomeMetadata.append(record.outcome.metadata.json)
        outcomeTimes.append(PostgresTimestamp(record.outcome.occurredAt))
        idempotencyKeys.append(contents.idempotencyKey)
        failureCodes.append(record.failureCode?.rawValue)
        for (index, line) in contents.lines.enumerated() {
            lineOrders.append(contents.orderID.value)
            lineNumbers.append(Int32(index + 1))
            lineProducts.append(line.productID.value)
            linePrices.append(PostgresNumeric(line.unitPrice))
            lineQuantities.append(Int32(line.quantity))
            lineNames.append(line.productName)
            lineImages.append(line.imageURL)
        }
    }

    var parameters: PostgresParameters {
        PostgresParameters(
            ids, correlationIDs, customers, statuses, totals, currencies, acceptedAt,
            lineOrders, lineNumbers, lineProducts, linePrices, lineQuantities,
            acceptances, acceptanceMetadata, outcomeTypes, allowsUnknownProducts,
            outcomes, outcomeMetadata, outcomeTimes, idempotencyKeys, failureCodes, lineNames, lineImages)
    }
}

extension PostgresUUID {
    init(_ id: CorrelationID) { self.init(high: id.high, low: id.low) }
}

extension PostgresNumeric {
    init(_ money: Money) { self.init(unscaled: money.hundredths, scale: 2) }
}

extension PostgresTimestamp {
    init(_ time: Timestamp) { self.init(milliseconds: time.milliseconds) }
}
