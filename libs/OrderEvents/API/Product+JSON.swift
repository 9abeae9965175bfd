package import JSON
package import Orders

extension Product {
    /// The representation in order-accept's API.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("externalProductId", externalProductID.value)
            writer.field("name", name)
            writer.field("category", category)
            writer.field("vendor", vendor)
            writer.field("imageUrl", imageURL)
            writer.field("discount", discount)
            writer.field("billingPeriod", billingPeriod.rawValue)
            writer.field("isSubscription", isSubscription)
            writer.key("price")
            writer.hundredths(price.hundredths)
        }
    }
}

extension Catalogue.Page {
    /// `{offset, size, total, items}`
    package func write(to writer: inout JSONWriter) {
        writer.page(offset: offset, size: size, total: total, of: items) { writer, product in
            product.write(to: &writer)
        }
    }
}

extension JSONWriter {
    /// `{offset, size, total, items}`, with each item written by `write`.
    package mutating func page<Item>(
        offset: Int, size: Int, total: Int, of items: some Sequence<Item>,
        _ write: (inout JSONWriter, Item) -> Void
    ) {
        object { writer in
            writer.field("offset", offset)
            writer.field("size", size)
            writer.field("total", total)
            writer.key("items")
            writer.array { writer in
                for item in items { write(&writer, item) }
            }
        }
    }
}
