internal import CRabbitMQ

extension AMQPCodec {
    /// Appends a method frame.
    package func append(_ method: AMQPClientMethod, channel: UInt16, to output: inout [UInt8])
        throws(AMQPError)
    {
        recycle()
        let size = try encode(method)
        appendFrame(.method, channel: channel, size: size, to: &output)
    }

    /// Appends `basic.publish` with its content: method, header, and as many body frames as it takes.
    package func appendPublish(
        _ message: borrowing AMQPMessage, channel: UInt16, frameMax: Int, to output: inout [UInt8]
    ) throws(AMQPError) {
        recycle()
        var publish = unsafe amqp_basic_publish_t()
        unsafe publish.exchange = try pooledShort(message.exchange)
        unsafe publish.routing_key = try pooledShort(message.routingKey)
        unsafe publish.mandatory = message.isMandatory ? 1 : 0
        var properties = try unsafe pooled(message.properties)

        let methodSize = try unsafe encode(.basicPublish, &publish)
        let start = output.count
        appendFrame(.method, channel: channel, size: methodSize, to: &output)

        // class id, weight (unused), body size; then the property flags and list (section 4.2.6.1)
        var size = UInt64(message.body.count).bigEndian
        unsafe scratch.storeBytes(of: UInt32(UInt32(AMQP_BASIC_CLASS) << 16).bigEndian, as: UInt32.self)
        unsafe withUnsafeBytes(of: &size) { bytes in
            unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[4..<12]).copyMemory(from: bytes)
        }
        let written = unsafe amqp_encode_properties(UInt16(AMQP_BASIC_CLASS), &properties, scratch(from: 12))
        guard written >= 0, Int(written) + 12 + AMQPFrame.overhead <= frameMax else {
            output.removeSubrange(start...)
            throw AMQPError(.invalidArgument, "the properties do not fit a frame")
        }
        appendFrame(.header, channel: channel, size: Int(written) + 12, to: &output)

        let chunk = frameMax - AMQPFrame.overhead
        var offset = 0
        while offset < message.body.count {
            let upper = min(offset + chunk, message.body.count)
            AMQPFrame.appendHeader(.body, channel: channel, size: upper - offset, to: &output)
            output.append(contentsOf: message.body[offset..<upper])
            output.append(AMQPFrame.end)
            offset = upper
        }
    }

    private func pooled(_ properties: AMQPProperties) throws(AMQPError) -> amqp_basic_properties_t {
        var encoded = unsafe amqp_basic_properties_t()
        var flags = UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG)
        unsafe encoded.delivery_mode = properties.isPersistent ? 2 : 1
        if let text = properties.contentType {
            unsafe encoded.content_type = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_CONTENT_TYPE_FLAG)
        }
        if let text = properties.contentEncoding {
            unsafe encoded.content_encoding = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_CONTENT_ENCODING_FLAG)
        }
        if !properties.headers.isEmpty {
            unsafe encoded.headers = try pooled(properties.headers)
            flags |= UInt32(AMQP_BASIC_HEADERS_FLAG)
        }
        if let priority = properties.priority {
            unsafe encoded.priority = priority
            flags |= UInt32(AMQP_BASIC_PRIORITY_FLAG)
        }
        if let text = properties.correlationID {
            unsafe encoded.correlation_id = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_CORRELATION_ID_FLAG)
        }
        if let text = properties.replyTo {
            unsafe encoded.reply_to = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_REPLY_TO_FLAG)
        }
        if let text = properties.expiration {
            unsafe encoded.expiration = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_EXPIRATION_FLAG)
        }
        if let text = properties.messageID {
            unsafe encoded.message_id = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_MESSAGE_ID_FLAG)
        }
        if let seconds = properties.timestamp {
            unsafe encoded.timestamp = seconds
            flags |= UInt32(AMQP_BASIC_TIMESTAMP_FLAG)
        }
        if let text = properties.type {
            unsafe encoded.type = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_TYPE_FLAG)
        }
        if let text = properties.appID {
            unsafe encoded.app_id = try pooledShort(text)
            flags |= UInt32(AMQP_BASIC_APP_ID_FLAG)
        }
        unsafe encoded._flags = flags
        return unsafe encoded
    }

    private func scratch(from offset: Int) -> amqp_bytes_t {
        unsafe amqp_bytes_t(len: scratch.count - offset, bytes: scratch.baseAddress! + offset)
    }

    /// Encodes into the scratch and returns the payload's size, method number included.
    func encode<Arguments>(_ id: AMQPMethodID, _ arguments: inout Arguments) throws(AMQPError) -> Int {
        unsafe scratch.storeBytes(of: id.rawValue.bigEndian, as: UInt32.self)
        let written = unsafe withUnsafeMutablePointer(to: &arguments) { pointer in
            unsafe amqp_encode_method(id.rawValue, pointer, scratch(from: 4))
        }
        guard written >= 0 else { throw AMQPError(.invalidArgument, "the method's arguments do not fit") }
        return Int(written) + 4
    }

    private func appendFrame(_ kind: AMQPFrame.Kind, channel: UInt16, size: Int, to output: inout [UInt8]) {
        AMQPFrame.appendHeader(kind, channel: channel, size: size, to: &output)
        unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[0..<size]))
        output.append(AMQPFrame.end)
    }
}
