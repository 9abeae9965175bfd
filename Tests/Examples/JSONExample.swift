import JSON

func jsonExample() async throws {
    let body = JSONWriter.encode { writer in
        writer.object { writer in
            writer.field("productId", "AZ-104")
            writer.field("quantity", 2)
        }
    }
    let quantity = try JSONReader.read(body.span) { reader throws(JSONError) in
        var quantity = 0
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "quantity": quantity = try reader.int()
            default: try reader.skip()
            }
        }
        return quantity
    }
    print(quantity, try JSONValue(parsing: body.span)["productId"]?.string ?? "")
}
