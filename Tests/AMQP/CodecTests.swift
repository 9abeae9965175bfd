import Testing

@testable import AMQP

@Suite struct CodecTests {
    /// The frames that `body` appended, as kind, channel and payload.
    private func frames(_ bytes: [UInt8]) throws -> [(AMQPFrame, [UInt8])] {
        var result: [(AMQPFrame, [UInt8])] = []
        var offset = 0
        while let frame = try AMQPFrame.find(in: bytes.span, at: offset, maximum: AMQPCodec.frameLimit) {
            result.append((frame, Array(bytes[frame.payload])))
            offset = frame.upperBound
        }
        #expect(offset == bytes.count)
        return result
    }

    @Test func encodesAnAckAsSpecified() throws {
        let codec = AMQPCodec()
        var output: [UInt8] = []
        try codec.append(.basicAck(tag: 258, multiple: true), channel: 3, to: &output)
        #expect(
            output == [1, 0, 3, 0, 0, 0, 13, 0, 60, 0, 80, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0xCE])
    }

    @Test func encodesPublishAsMethodHeaderAndBodyFrames() throws {
        let codec = AMQPCodec()
        var message = AMQPMessage(exchange: "orders", routingKey: "order.accepted", body: Array("hello".utf8))
        message.properties.contentType = "application/json"
        message.properties.messageID = "m-1"
        message.properties.headers = ["traceparent": "00-1", "x-attempt": 2]
        var output: [UInt8] = []
        try codec.appendPublish(message, channel: 1, frameMax: 4096, to: &output)
        let frames = try frames(output)
        #expect(frames.map(\.0.kind) == [.method, .header, .body])
        #expect(frames[2].1 == Array("hello".utf8))
        let payload = frames[1].1
        let header = try codec.decodeHeader(payload.span)
        #expect(header == AMQPCodec.ContentHeader(bodySize: 5, properties: message.properties))
    }

    @Test(arguments: [0, 1, 4087, 4088, 4089, 8176, 8177, 20_000])
    func splitsBodiesAtFrameMax(size: Int) throws {
        let codec = AMQPCodec()
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        var output: [UInt8] = []
        try codec.appendPublish(
            AMQPMessage(exchange: "", routingKey: "q", body: body), channel: 1, frameMax: 4096, to: &output)
        let bodies = try frames(output).filter { $0.0.kind == .body }.map(\.1)
        #expect(bodies.count == (size + 4087) / 4088)
        #expect(bodies.allSatisfy { $0.count <= 4088 })
        #expect(Array(bodies.joined()) == body)
    }

    @Test func roundTripsEveryProperty() throws {
        let codec = AMQPCodec()
        var properties = AMQPProperties()
        properties.contentType = "a"
        properties.contentEncoding = "b"
        properties.isPersistent = false
        properties.priority = 9
        properties.correlationID = "c"
        properties.replyTo = "d"
        properties.expiration = "1000"
        properties.messageID = "e"
        properties.timestamp = 1_700_000_000
        properties.type = "f"
        properties.appID = "g"
        properties.headers = [
            "bool": true, "int": -5, "double": .double(1.5), "text": "ü", "bytes": .bytes([0, 255]),
            "time": .timestamp(7), "list": .array([1, "two", .void]), "table": .table(["inner": "x"]),
        ]
        var output: [UInt8] = []
        try codec.appendPublish(
            AMQPMessage(exchange: "", routingKey: "q", properties: properties, body: []), channel: 1,
            frameMax: 4096, to: &output)
        let header = try frames(output)[1].1
        #expect(try codec.decodeHeader(header.span).properties == properties)
    }

    @Test func refusesTooLongNamesWithoutOutput() throws {
        let codec = AMQPCodec()
        let long = String(repeating: "x", count: 256)
        var output: [UInt8] = [1]
        #expect(throws: AMQPError.self) {
            try codec.append(.queueDelete(queue: long), channel: 1, to: &output)
        }
        var message = AMQPMessage(exchange: "", routingKey: "q", body: [1])
        message.properties.headers = ["large": .string(String(repeating: "x", count: 5000))]
        #expect(throws: AMQPError.self) {
            try codec.appendPublish(message, channel: 1, frameMax: 4096, to: &output)
        }
        #expect(output == [1])
    }

    @Test func malformedPropertiesAreADefectNotAnError() throws {
        let codec = AMQPCodec()
        let prefix: [UInt8] = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
        // The flag of the content type, whose length exceeds the list.
        let broken = prefix + [0x80, 0, 200, 65]
        let header = try codec.decodeHeader(broken.span)
        #expect(header == AMQPCodec.ContentHeader(bodySize: 9, properties: nil))
        let large = prefix + [0x20, 0] + [UInt8](repeating: 0, count: AMQPCodec.propertiesLimit)
        #expect(try codec.decodeHeader(large.span).properties == nil)
    }

    @Test func truncatesTooDeeplyNestedTables() throws {
        let codec = AMQPCodec()
        var value: AMQPFieldValue = "core"
        for _ in 0..<100 { value = .table(["t": value]) }
        var message = AMQPMessage(exchange: "", routingKey: "q", body: [])
        message.properties.headers = ["t": value]
        var output: [UInt8] = []
        try codec.appendPublish(message, channel: 1, frameMax: 4096, to: &output)
        let payload = try frames(output)[1].1
        let properties = try codec.decodeHeader(payload.span).properties
        var depth = 0
        var next = properties?.headers["t"]
        while case .table(let table)? = next {
            depth += 1
            next = table["t"]
        }
        #expect(depth == AMQPCodec.depthLimit && next == .void)
    }

    @Test func mutatedMethodsDecodeOrThrow() throws {
        let codec = AMQPCodec()
        var deliver: [UInt8] = [0, 60, 0, 60, 1, 0x77, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0x65, 0x78, 1, 0x71]
        #expect(
            try codec.decodeMethod(deliver.span)
                == .basicDeliver(tag: 1, isRedelivered: false, exchange: "ex", routingKey: "q"))
        for cut in 0..<deliver.count {
            let part = Array(deliver[..<cut])
            #expect(throws: AMQPError.self) { _ = try codec.decodeMethod(part.span) }
        }
        for index in deliver.indices {
            let original = deliver[index]
            for value in [0, 1, 127, 128, 255] as [UInt8] {
                deliver[index] = value
                _ = try? codec.decodeMethod(deliver.span)
            }
            deliver[index] = original
        }
    }

    @Test func refusesMethodsThatOnlyClientsSend() {
        let codec = AMQPCodec()
        let qos: [UInt8] = [0, 60, 0, 10, 0, 0, 0, 0, 0, 1, 0]
        #expect(throws: AMQPError.self) { _ = try codec.decodeMethod(qos.span) }
    }
}

@Suite struct FrameTests {
    @Test func waitsForTheWholeFrame() throws {
        let bytes = AMQPFrame.heartbeat
        for count in 0..<bytes.count {
            let part = Array(bytes[..<count])
            #expect(try AMQPFrame.find(in: part.span, at: 0, maximum: 4096) == nil)
        }
        let frame = try #require(try AMQPFrame.find(in: bytes.span, at: 0, maximum: 4096))
        #expect(frame.kind == .heartbeat && frame.upperBound == 8)
    }

    @Test func refusesMalformedFrames() {
        let faults: [[UInt8]] = [
            Array("AMQP\u{0}\u{0}\u{9}\u{1}".utf8),
            [8, 0, 0, 0, 0, 0, 0, 0xCD],
            [1, 0, 1, 0xFF, 0, 0, 0],
        ]
        for bytes in faults {
            #expect(throws: AMQPError.self) {
                _ = try AMQPFrame.find(in: bytes.span, at: 0, maximum: 131_072)
            }
        }
    }
}
