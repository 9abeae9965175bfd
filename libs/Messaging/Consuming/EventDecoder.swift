internal import Bytes
package import OrderEvents

/// Decodes bodies by the envelope's type and version, for the types that a consumer accepts.
package struct EventDecoder<Event: Sendable>: Sendable {
    /// Why a message is dead-lettered without being decoded. Safe for `x-error`.
    struct DecodingError: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    private var decoders: [ByteString: @Sendable ([UInt8]) -> Result<Event, EventError>] = [:]

    package init() {}

    /// A consumer of one event type.
    package init(_ type: Event.Type) where Event: OrderEvent {
        self = EventDecoder().reading(type) { $0 }
    }

    /// Also decodes events of `type`, converted by `make`.
    package func reading<Read: OrderEvent>(
        _ type: Read.Type, _ make: @escaping @Sendable (Read) -> Event
    ) -> EventDecoder {
        var copy = self
        copy.decoders[ByteString(type.type.rawValue)] = { body in Self.read(body, make) }
        return copy
    }

    private static func read<Read: OrderEvent>(
        _ body: [UInt8], _ make: (Read) -> Event
    ) -> Result<Event, EventError> {
        do throws(EventError) {
            return .success(make(try Read(decoding: body.span)))
        } catch {
            return .failure(error)
        }
    }

    func decode(type: String, body: [UInt8]) throws(DecodingError) -> Event {
        guard let decoder = decoders[ByteString(type)] else { throw decodingError(type) }
        switch decoder(body) {
        case .success(let event): return event
        case .failure(let error): throw DecodingError(description: error.description)
        }
    }

    private func decodingError(_ type: String) -> DecodingError {
        if type.isEmpty { return DecodingError(description: "The message has no type.") }
        let asked = EventName(type)
        let label = type.utf8.count <= 64 ? type : "\(type.prefix(48))…"
        if decoders.keys.contains(where: { EventName($0.text).name.hasSameBytes(as: asked.name) }) {
            return DecodingError(description: "Version \(label) is not understood.")
        }
        return DecodingError(description: "Type \(label) is not understood.")
    }
}
