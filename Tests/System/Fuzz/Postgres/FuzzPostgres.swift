import Postgres

private let types: [PostgresTypeID] = (0...UInt32(1 << 12)).map { PostgresTypeID(rawValue: $0) }

/// Whatever a server returns as a value of any type: no crash, and no arithmetic on it traps.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count >= 2 else { return 0 }
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    let type = types[(Int(input[0]) << 8 | Int(input[1])) % types.count]
    let value = Array(input[2...])
    let bytes = value.span.bytes
    _ = (Int64.decode(bytes, type: type), Int32.decode(bytes, type: type), Int.decode(bytes, type: type))
    _ = (Bool.decode(bytes, type: type), Double.decode(bytes, type: type), String.decode(bytes, type: type))
    _ = (PostgresUUID.decode(bytes, type: type), PostgresJSON.decode(bytes, type: type))
    _ = PostgresBytes.decode(bytes, type: type)
    if let time = PostgresTimestamp.decode(bytes, type: type) { _ = time.milliseconds }
    if let number = PostgresNumeric.decode(bytes, type: type) {
        for scale in [0, 2, 6] { _ = number.unscaled(atScale: scale) }
    }
    _ = (
        [Int64].decode(bytes, type: type), [String?].decode(bytes, type: type),
        [PostgresUUID].decode(bytes, type: type)
    )
    _ = [PostgresNumeric].decode(bytes, type: type)
    return 0
}
