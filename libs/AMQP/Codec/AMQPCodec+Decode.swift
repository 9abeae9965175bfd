internal import CRabbitMQ

extension AMQPCodec {
    /// A content header: the body's size in bytes, and the properties, unless they are malformed.
    package struct ContentHeader: Sendable, Equatable {
        package var bodySize: UInt64
        package var properties: AMQPProperties?
    }

    /// Larger property lists, in bytes, are not decoded: the C decoder recurses over nested tables, whose
    /// depth the sender controls.
    package static let propertiesLimit = 16_384

    /// Nesting depth of tables beyond which values are dropped.
    static let depthLimit = 8

    /// Decodes the payload of a method frame. A method that this client never expects is a protocol
    /// violation.
    package func decodeMethod(_ payload: Span<UInt8>) throws(AMQPError) -> AMQPServerMethod {
        guard payload.count >= 4 else {
            throw AMQPError(.protocolViolation, "a method frame without a method")
        }
        var number: UInt32 = 0
        for index in 0..<4 { number = number << 8 | UInt32(payload[index]) }
        guard let id = AMQPMethodID(rawValue: number) else {
            throw AMQPError(.protocolViolation, replyCode: 503, "unknown method \(number)")
        }
        recycle()
        var decoded: UnsafeMutableRawPointer?
        let status = unsafe payload.extracting(droppingFirst: 4).withUnsafeBytes { bytes in
            unsafe amqp_decode_method(number, pool, Self.borrow(bytes), &decoded)
        }
        guard status == 0, let decoded = unsafe decoded else {
            throw AMQPError(.protocolViolation, replyCode: 502, "malformed method \(number)")
        }
        guard let method = unsafe method(id, decoded) else {
            throw AMQPError(.protocolViolation, replyCode: 503, "unexpected method \(number)")
        }
        return method
    }

    /// Decodes the payload of a content header frame of the basic class.
    package func decodeHeader(_ payload: Span<UInt8>) throws(AMQPError) -> ContentHeader {
        guard payload.count >= 14 else { throw AMQPError(.protocolViolation, "a short content header") }
        guard payload[0] == 0, payload[1] == UInt8(AMQP_BASIC_CLASS) else {
            throw AMQPError(.protocolViolation, "content of another class than basic")
        }
        var size: UInt64 = 0
        for index in 4..<12 { size = size << 8 | UInt64(payload[index]) }
        guard payload.count <= Self.propertiesLimit else { return ContentHeader(bodySize: size) }
        recycle()
        var decoded: UnsafeMutableRawPointer?
        let status = unsafe payload.extracting(droppingFirst: 12).withUnsafeBytes { bytes in
            unsafe amqp_decode_properties(UInt16(AMQP_BASIC_CLASS), pool, Self.borrow(bytes), &decoded)
        }
        guard status == 0, let decoded = unsafe decoded else { return ContentHeader(bodySize: size) }
        let properties = unsafe decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
        return unsafe ContentHeader(bodySize: size, properties: Self.properties(properties))
    }

    private static func borrow(_ bytes: UnsafeRawBufferPointer) -> amqp_bytes_t {
        unsafe amqp_bytes_t(len: bytes.count, bytes: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    // MARK: C values to Swift values

    private static func properties(_ lent: amqp_basic_properties_t) -> AMQPProperties {
        var properties = AMQPProperties()
        let flags = unsafe Int32(bitPattern: lent._flags)
        if flags & AMQP_BASIC_CONTENT_TYPE_FLAG != 0 {
            properties.contentType = unsafe text(lent.content_type)
        }
        if flags & AMQP_BASIC_CONTENT_ENCODING_FLAG != 0 {
            properties.contentEncoding = unsafe text(lent.content_encoding)
        }
        if flags & AMQP_BASIC_HEADERS_FLAG != 0 { properties.headers = unsafe table(lent.headers, depth: 0) }
        properties.isPersistent = unsafe flags & AMQP_BASIC_DELIVERY_MODE_FLAG != 0 && lent.delivery_mode == 2
        if flags & AMQP_BASIC_PRIORITY_FLAG != 0 { properties.priority = unsafe lent.priority }
        if flags & AMQP_BASIC_CORRELATION_ID_FLAG != 0 {
            properties.correlationID = unsafe text(lent.correlation_id)
        }
        if flags & AMQP_BASIC_REPLY_TO_FLAG != 0 { properties.replyTo = unsafe text(lent.reply_to) }
        if flags & AMQP_BASIC_EXPIRATION_FLAG != 0 { properties.expiration = unsafe text(lent.expiration) }
        if flags & AMQP_BASIC_MESSAGE_ID_FLAG != 0 { properties.messageID = unsafe text(lent.message_id) }
        if flags & AMQP_BASIC_TIMESTAMP_FLAG != 0 { properties.timestamp = unsafe lent.timestamp }
        if flags & AMQP_BASIC_TYPE_FLAG != 0 { properties.type = unsafe text(lent.type) }
        if flags & AMQP_BASIC_APP_ID_FLAG != 0 { properties.appID = unsafe text(lent.app_id) }
        return properties
    }

    static func text(_ bytes: amqp_bytes_t) -> String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }

    static func table(_ lent: amqp_table_t, depth: Int) -> AMQPTable {
        var table = AMQPTable()
        let entries = unsafe UnsafeBufferPointer(start: lent.entries, count: Int(lent.num_entries))
        table.entries.reserveCapacity(entries.count)
        for index in entries.indices {
            let entry = unsafe entries[index]
            table.entries.append(
                unsafe AMQPTable.Entry(name: text(entry.key), value: value(entry.value, depth: depth + 1)))
        }
        return table
    }

    private static func value(_ field: amqp_field_value_t, depth: Int) -> AMQPFieldValue {
        guard depth <= depthLimit else { return .void }
        let kind = unsafe amqp_field_value_kind_t(UInt32(field.kind))
        let value = unsafe field.value
        switch kind {
        case AMQP_FIELD_KIND_BOOLEAN: return unsafe .bool(value.boolean != 0)
        case AMQP_FIELD_KIND_I8: return unsafe .int(Int64(value.i8))
        case AMQP_FIELD_KIND_U8: return unsafe .int(Int64(value.u8))
        case AMQP_FIELD_KIND_I16: return unsafe .int(Int64(value.i16))
        case AMQP_FIELD_KIND_U16: return unsafe .int(Int64(value.u16))
        case AMQP_FIELD_KIND_I32: return unsafe .int(Int64(value.i32))
        case AMQP_FIELD_KIND_U32: return unsafe .int(Int64(value.u32))
        case AMQP_FIELD_KIND_I64: return unsafe .int(value.i64)
        case AMQP_FIELD_KIND_U64: return unsafe .int(Int64(clamping: value.u64))
        case AMQP_FIELD_KIND_F32: return unsafe .double(Double(value.f32))
        case AMQP_FIELD_KIND_F64: return unsafe .double(value.f64)
        case AMQP_FIELD_KIND_UTF8: return unsafe .string(text(value.bytes))
        case AMQP_FIELD_KIND_BYTES:
            return unsafe .bytes(
                Array(UnsafeRawBufferPointer(start: value.bytes.bytes, count: value.bytes.len)))
        case AMQP_FIELD_KIND_TIMESTAMP: return unsafe .timestamp(value.u64)
        case AMQP_FIELD_KIND_TABLE: return unsafe .table(table(value.table, depth: depth))
        case AMQP_FIELD_KIND_ARRAY:
            let entries = unsafe UnsafeBufferPointer(
                start: value.array.entries, count: Int(value.array.num_entries))
            return unsafe .array(entries.map { unsafe Self.value($0, depth: depth + 1) })
        default: return .void
        }
    }
}
