internal import CHiredis

/// Parses received bytes into replies with hiredis' reader.
///
/// The reader's object functions build Swift values directly, without a `redisReply` tree. Call ``feed(_:)``
/// with received bytes, then ``next()`` until it returns `nil`.
@safe package struct RedisReplyReader: ~Copyable {
    package struct Limits: Sendable {
        /// Bytes of one reply, stored or buffered.
        package var replyBytes: Int
        /// Elements of one reply, nested ones included.
        package var elements: Int

        package init(replyBytes: Int = 64 << 20, elements: Int = 1 << 20) {
            self.replyBytes = replyBytes
            self.elements = elements
        }
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let builder: UnsafeMutablePointer<ReplyBuilder>
    private let limits: Limits

    package init(limits: Limits = Limits()) {
        self.limits = limits
        unsafe builder = .allocate(capacity: 1)
        unsafe builder.initialize(to: ReplyBuilder(limits: limits))
        guard let created = unsafe redisReaderCreateWithFunctions(replyFunctions) else {
            preconditionFailure("out of memory")
        }
        unsafe reader = created
        unsafe reader.pointee.privdata = UnsafeMutableRawPointer(builder)
    }

    deinit {
        unsafe redisReaderFree(reader)
        unsafe builder.deinitialize(count: 1)
        unsafe builder.deallocate()
    }

    /// Appends received bytes; they are copied.
    package mutating func feed(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress, raw.count > 0 else { return }
            _ = unsafe redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), raw.count)
        }
    }

    /// The next complete reply, `nil` when more bytes are needed. After an error the stream is unusable.
    package mutating func next() throws(RedisError) -> RedisValue? {
        var reply: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &reply) == REDIS_OK else {
            throw RedisError(.protocolViolation, "malformed or oversized reply")
        }
        if unsafe reply != nil { return unsafe builder.pointee.take() }
        if unsafe reader.pointee.len - reader.pointee.pos > limits.replyBytes {
            throw RedisError(.protocolViolation, "reply exceeds \(limits.replyBytes) bytes")
        }
        return nil
    }
}

/// Collects the elements of nested arrays in hiredis' order, depth first.
private struct ReplyBuilder {
    private struct Level {
        var missing: Int
        var values: [RedisValue]
    }

    let limits: RedisReplyReader.Limits
    private var levels: [Level] = []
    private var complete: RedisValue?
    private var elements = 0
    private var bytes = 0

    init(limits: RedisReplyReader.Limits) { self.limits = limits }

    mutating func take() -> RedisValue? {
        defer { (complete, elements, bytes) = (nil, 0, 0) }
        return complete
    }

    /// `false` when a limit is exceeded: the reader reports that as an error.
    mutating func add(_ value: RedisValue, bytes count: Int = 0) -> Bool {
        elements += 1
        bytes += count
        guard elements <= limits.elements, bytes <= limits.replyBytes else { return false }
        var value = value
        while let last = levels.indices.last {
            levels[last].values.append(value)
            levels[last].missing -= 1
            if levels[last].missing > 0 { return true }
            value = .array(levels.removeLast().values)
        }
        complete = value
        return true
    }

    mutating func open(_ count: Int) -> Bool {
        guard count > 0 else { return add(.array([])) }
        guard count <= limits.elements else { return false }
        var values: [RedisValue] = []
        values.reserveCapacity(min(count, 1024))
        levels.append(Level(missing: count, values: values))
        return true
    }
}

/// Has process lifetime: every reader points to it.
private nonisolated(unsafe) let replyFunctions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    unsafe functions.initialize(
        to: redisReplyObjectFunctions(
            createString: { task, text, length in
                unsafe add(task, string(type: unsafe task!.pointee.type, text, length), bytes: length)
            },
            createArray: { task, count in
                let builder = unsafe task!.pointee.privdata.assumingMemoryBound(to: ReplyBuilder.self)
                return unsafe builder.pointee.open(Int(count)) ? UnsafeMutableRawPointer(builder) : nil
            },
            createInteger: { task, value in unsafe add(task, .integer(Int(value))) },
            createNil: { task in unsafe add(task, .null) },
            freeObject: { _ in }))
    return unsafe functions
}()

/// hiredis expects any non-null object; the builder itself serves.
private func add(
    _ task: UnsafePointer<redisReadTask>?, _ value: RedisValue, bytes: Int = 0
) -> UnsafeMutableRawPointer? {
    let builder = unsafe task!.pointee.privdata.assumingMemoryBound(to: ReplyBuilder.self)
    return unsafe builder.pointee.add(value, bytes: bytes) ? UnsafeMutableRawPointer(builder) : nil
}

private func string(type: Int32, _ text: UnsafeMutablePointer<CChar>?, _ length: Int) -> RedisValue {
    let raw = unsafe UnsafeRawBufferPointer(start: text, count: length)
    switch type {
    case REDIS_REPLY_STATUS: return .status(unsafe String(decoding: raw, as: UTF8.self))
    case REDIS_REPLY_ERROR: return .error(RedisError(serverText: unsafe String(decoding: raw, as: UTF8.self)))
    default: return .bytes(unsafe Array(raw))
    }
}
