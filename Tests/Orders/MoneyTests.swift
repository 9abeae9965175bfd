import Orders
import Testing

@Suite struct MoneyTests {
    @Test(arguments: [
        ("0", 0), ("0.00", 0), ("12", 1_200), ("12.3", 1_230), ("12.30", 1_230), ("0.07", 7), ("-0.05", -5),
        ("007.10", 710), ("92233720368547758.07", Int64.max),
    ])
    func parses(text: String, hundredths: Int64) {
        #expect(Money(text)?.hundredths == hundredths)
    }

    @Test(arguments: [
        "", "-", ".", ".5", "5.", "1.234", "1.2.3", "+1", "1e2", " 1", "1,00", "--1", "1-",
        "92233720368547758.08",
        "922337203685477581", "99999999999999999999",
    ])
    func rejects(text: String) {
        #expect(Money(text) == nil)
    }

    @Test(arguments: [
        (0, "0.00"), (5, "0.05"), (-5, "-0.05"), (1_230, "12.30"), (-100, "-1.00"),
        (Int64.max, "92233720368547758.07"), (Int64.min, "-92233720368547758.08"),
    ])
    func formats(hundredths: Int64, text: String) {
        #expect(Money(hundredths: hundredths).description == text)
    }

    @Test func arithmeticReturnsNilOnOverflow() {
        #expect(Money(hundredths: 1_999).multiplied(by: 1_000) == Money("19990.00"))
        #expect(Money(hundredths: .max).multiplied(by: 2) == nil)
        #expect(Money("0.10")?.adding(Money(hundredths: 20)) == Money("0.30"))
        #expect(Money(hundredths: .max).adding(Money(hundredths: 1)) == nil)
        #expect(Money.zero < Money(hundredths: 1))
    }

    @Test func currenciesAreThreeCapitalLetters() {
        #expect(Currency("EUR") == .euro)
        for invalid in ["", "eur", "EURO", "EU", "E1R", "ÉU"] { #expect(Currency(invalid) == nil) }
    }
}
