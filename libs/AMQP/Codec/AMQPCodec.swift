internal import CRabbitMQ

/// rabbitmq-c's codec of methods, properties and tables, without its sockets.
///
/// Outgoing strings are copied into a pool, a bump allocator that is recycled at every call, so that no
/// pointer outlives its call. Nothing here blocks or does I/O.
@safe package struct AMQPCodec: ~Copyable {
    let pool: UnsafeMutablePointer<amqp_pool_t>
    let scratch: UnsafeMutableRawBufferPointer

    /// The frame size this codec can write; the broker's default `frame-max`.
    package static let frameLimit = 131_072

    package init() {
        unsafe pool = .allocate(capacity: 1)
        unsafe pool.initialize(to: amqp_pool_t())
        unsafe init_amqp_pool(pool, 16_384)
        unsafe scratch = .allocate(byteCount: Self.frameLimit, alignment: 16)
    }

    deinit {
        unsafe empty_amqp_pool(pool)
        unsafe pool.deallocate()
        unsafe scratch.deallocate()
    }

    // MARK: Passing values to C

    func recycle() {
        unsafe recycle_amqp_pool(pool)
    }

    func pooled(_ bytes: UnsafeRawBufferPointer) -> amqp_bytes_t {
        guard let source = bytes.baseAddress, bytes.count > 0,
            let copy = unsafe amqp_pool_alloc(pool, bytes.count)
        else { return unsafe amqp_bytes_t() }
        unsafe copy.copyMemory(from: source, byteCount: bytes.count)
        return unsafe amqp_bytes_t(len: bytes.count, bytes: copy)
    }

    func pooled(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { utf8 in unsafe pooled(UnsafeRawBufferPointer(utf8)) }
    }

    func pooled(_ bytes: [UInt8]) -> amqp_bytes_t {
        unsafe bytes.withUnsafeBytes { raw in unsafe pooled(raw) }
    }

    /// A short string holds at most 255 bytes.
    func pooledShort(_ text: String) throws(AMQPError) -> amqp_bytes_t {
        let bytes = unsafe pooled(text)
        guard unsafe bytes.len <= 255 else {
            throw AMQPError(.invalidArgument, "a short string of more than 255 bytes")
        }
        return unsafe bytes
    }

    func pooled(_ table: AMQPTable) throws(AMQPError) -> amqp_table_t {
        let count = table.entries.count
        guard count > 0,
            let memory = unsafe amqp_pool_alloc(pool, count * MemoryLayout<amqp_table_entry_t>.stride)
        else { return unsafe amqp_table_t() }
        let entries = unsafe memory.bindMemory(to: amqp_table_entry_t.self, capacity: count)
        for (index, entry) in table.entries.enumerated() {
            let key = try unsafe pooledShort(entry.name)
            let value = try unsafe pooled(entry.value)
            unsafe (entries + index).initialize(to: amqp_table_entry_t(key: key, value: value))
        }
        return unsafe amqp_table_t(num_entries: Int32(count), entries: entries)
    }

    private func pooled(_ value: AMQPFieldValue) throws(AMQPError) -> amqp_field_value_t {
        var field = unsafe amqp_field_value_t()
        switch value {
        case .bool(let flag):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            unsafe field.value.boolean = flag ? 1 : 0
        case .int(let number):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            unsafe field.value.i64 = number
        case .double(let number):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_F64.rawValue)
            unsafe field.value.f64 = number
        case .string(let text):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            unsafe field.value.bytes = unsafe pooled(text)
        case .bytes(let bytes):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_BYTES.rawValue)
            unsafe field.value.bytes = unsafe pooled(bytes)
        case .timestamp(let seconds):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_TIMESTAMP.rawValue)
            unsafe field.value.u64 = seconds
        case .table(let table):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            unsafe field.value.table = try unsafe pooled(table)
        case .array(let values):
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_ARRAY.rawValue)
            unsafe field.value.array = try unsafe pooled(values)
        case .void:
            unsafe field.kind = UInt8(AMQP_FIELD_KIND_VOID.rawValue)
        }
        return unsafe field
    }

    private func pooled(_ values: [AMQPFieldValue]) throws(AMQPError) -> amqp_array_t {
        guard !values.isEmpty,
            let memory = unsafe amqp_pool_alloc(pool, values.count * MemoryLayout<amqp_field_value_t>.stride)
        else { return unsafe amqp_array_t() }
        let entries = unsafe memory.bindMemory(to: amqp_field_value_t.self, capacity: values.count)
        for (index, value) in values.enumerated() {
            unsafe (entries + index).initialize(to: try pooled(value))
        }
        return unsafe amqp_array_t(num_entries: Int32(values.count), entries: entries)
    }
}
