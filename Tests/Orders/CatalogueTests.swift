import Orders
import Testing

@Suite struct CatalogueTests {
    let products = ["DP-900", "AZ-104", "AZ-900", "az-104", "KS-1"].map { product($0, "1.00") }

    @Test func orderAndVersionDoNotDependOnInputOrder() {
        let forward = Catalogue(products)
        let reversed = Catalogue(products.reversed())
        #expect(
            forward.products.map(\.externalProductID) == ["AZ-104", "AZ-900", "DP-900", "KS-1", "az-104"])
        #expect(forward.products == reversed.products)
        #expect(forward.version == reversed.version)
    }

    @Test func everyContentChangeChangesTheVersion() {
        let original = Catalogue(products).version
        let changes: [(inout Product) -> Void] = [
            { $0.name += "!" }, { $0.price = .zero }, { $0.discount = 11 }, { $0.isSubscription = false },
            { $0.billingPeriod = .annual }, { $0.vendor = "" }, { $0.category = "C" }, { $0.imageURL = "" },
        ]
        var versions: Set<UInt64> = [original, Catalogue(products.dropLast()).version]
        for change in changes {
            var changed = products
            change(&changed[2])
            versions.insert(Catalogue(changed).version)
        }
        #expect(versions.count == changes.count + 2)
    }

    @Test func lookupIsCaseSensitive() {
        let catalogue = Catalogue(products)
        #expect(catalogue["AZ-104"]?.name == "Product AZ-104")
        #expect(catalogue["Az-104"] == nil)
        #expect(catalogue[""] == nil)
        #expect(catalogue.count == 5)
    }

    @Test func keepsTheLastOfDuplicateProducts() {
        let catalogue = Catalogue([product("A", "1.00"), product("A", "2.00")])
        #expect(catalogue.products.map(\.price) == [Money(hundredths: 200)])
    }

    @Test func returnsPages() {
        let catalogue = Catalogue(products)
        #expect(catalogue.page(offset: 3, size: 2)?.items.map(\.externalProductID) == ["KS-1", "az-104"])
        #expect(catalogue.page(offset: 4, size: 100)?.items.count == 1)
        #expect(catalogue.page(offset: 4, size: 100)?.total == 5)
        #expect(catalogue.page(offset: 5, size: 1)?.items.isEmpty == true)
        #expect(catalogue.page(offset: .max, size: 100)?.items.isEmpty == true)
        for (offset, size) in [(-1, 10), (0, 0), (0, 101), (0, -1), (.min, .min)] {
            #expect(catalogue.page(offset: offset, size: size) == nil)
        }
    }
}
