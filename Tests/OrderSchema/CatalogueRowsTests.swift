import OrderSchema
import Orders
import Testing

@Suite struct CatalogueRowsTests {
    /// The values between the parentheses of each row.
    static let rows: [[String]] = {
        let sql = Migration.all[3].sql
        return sql.split(separator: "\n").filter { $0.hasPrefix("    ('") }.map { line in
            let row = line.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
            return row.split(separator: ", ").map { String($0.filter { $0 != "'" }) }
        }
    }()

    @Test func holds145ProductsOfTenVendors() {
        #expect(Self.rows.count == 145)
        #expect(Set(Self.rows.map { $0[0] }).count == 145)
        #expect(Set(Self.rows.map { $0[3] }).count == 10)
        let codes = Self.rows.map { $0[0] }
        #expect(codes.contains("AZ-104") && codes.contains("DP-900"))
    }

    @Test func everyRowIsAValidProduct() throws {
        for row in Self.rows {
            try #require(row.count == 9, "\(row)")
            #expect(row[4] == "/images/products/\(row[0].lowercased()).svg")
            #expect(Int(row[5]).map { (0...100).contains($0) } == true)
            #expect(Product.BillingPeriod(rawValue: row[6]) != nil)
            #expect(Bool(row[7]) != nil)
            #expect(Money(row[8]).map { $0 > .zero && $0 < OrderTotals.largestUnitPrice } == true)
        }
    }
}
