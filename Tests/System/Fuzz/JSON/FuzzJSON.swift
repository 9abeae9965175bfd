import JSON

/// Whatever the bytes: no crash, skipping is as strict as reading, and what is read survives a round trip.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    let skips: Bool
    do throws(JSONError) {
        try JSONReader.read(input.span) { (reader) throws(JSONError) in try reader.skip() }
        skips = true
    } catch {
        precondition(error.offset >= 0 && error.offset <= count)
        skips = false
    }
    guard let value = try? JSONValue(parsing: input.span) else {
        precondition(!skips)
        return 0
    }
    precondition(skips)
    precondition((try? JSONValue(parsing: value.encode().span)) == value)
    read(value.encode().span)
    return 0
}

/// The typed reads, over a document known to be good.
private func read(_ document: Span<UInt8>) {
    _ = try? JSONReader.read(document) { (reader) throws(JSONError) in
        try reader.array { (reader) throws(JSONError) in
            if try reader.intOrNil() == nil {
                do throws(JSONError) { _ = try reader.decimal().scaled(places: 2) } catch {
                    try reader.skip()
                }
            }
        }
    }
}
