import Orders
import Testing

@Suite struct IdentifierTests {
    @Test func orderIDsAreWithinJavaScriptsExactRange() {
        #expect(OrderID(0) == nil)
        #expect(OrderID(-1) == nil)
        #expect(OrderID(1)?.value == 1)
        #expect(OrderID(9_007_199_254_740_991)?.description == "9007199254740991")
        #expect(OrderID(9_007_199_254_740_992) == nil)
    }

    @Test(arguments: [
        "", "0", "01", "-1", "+1", "1 ", "1.0", "1e3", "abc", "9007199254740992", "99999999999999999999", "١",
    ])
    func rejectsOrderIDTextOtherThanDecimalDigits(text: String) {
        #expect(OrderID(text) == nil)
    }

    @Test func orderIDTextSurvivesARoundTrip() {
        for value: Int64 in [1, 9, 10, 1_000_000, OrderID.largest] {
            #expect(OrderID(String(value))?.value == value)
        }
    }

    @Test func userIDsAreBoundedAndWithoutControlCharacters() {
        #expect(UserID("CUST-0001")?.value == "CUST-0001")
        #expect(UserID("zoë|42")?.description == "zoë|42")
        #expect(UserID(String(repeating: "u", count: 128)) != nil)
        for invalid in [
            "", " ", "\t", "a\nb", "a\u{0}", "a\u{7F}", "a\u{85}", String(repeating: "é", count: 65),
        ] {
            #expect(UserID(invalid) == nil)
        }
    }
}
