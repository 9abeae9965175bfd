package import Observability

/// The settings of traces, by OpenTelemetry's names.
package enum TracingKeys {
    package static let endpoint = SettingKey.url(
        "OTEL_EXPORTER_OTLP_ENDPOINT", schemes: ["http", "https"],
        "The collector that traces are sent to, as OTLP/HTTP in JSON: http://collector:4318."
    ).optional

    package static let headers = SettingKey<Secret<String>>.secret(
        "OTEL_EXPORTER_OTLP_HEADERS", minimumBytes: 3,
        "Header fields for the collector: name=value, separated by commas."
    ).optional

    /// Below what a caller asks for, never above: a page must not decide what is stored.
    package static let ratio = SettingKey.ratio(
        "OTEL_TRACES_SAMPLER_ARG", default: 1,
        "The share of traces that is sent, by trace id; of traces that their caller wants sampled.")

    static let all: [any AnySettingKey] = [endpoint, headers, ratio]

    static let rules = [
        SettingsRule(at: headers) { settings in
            guard let text = settings.value(headers) ?? nil, HeaderList(text.reveal()) == nil else {
                return nil
            }
            return SettingError("is no list of header fields", write: "name=value, separated by commas")
        }
    ]
}

/// `name=value,name=value`, percent-encoded (OpenTelemetry, "Specifying headers via environment variables").
struct HeaderList {
    let fields: [(name: String, value: String)]

    init?(_ text: String) {
        var fields: [(name: String, value: String)] = []
        for item in text.split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let name = Self.decoded(parts[0]), let value = Self.decoded(parts[1]),
                !name.isEmpty, name.utf8.allSatisfy(Self.isToken)
            else { return nil }
            fields.append((name, value))
        }
        self.fields = fields
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    /// Without surrounding spaces; nil for what a header field cannot have.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.drop { $0 == 0x20 }
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        while bytes.last == 0x20 { bytes.removeLast() }
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
