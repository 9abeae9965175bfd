internal import Bytes
internal import JSON

struct LogLine {
    /// Milliseconds since 1970.
    let time: Int64
    let level: LogLevel
    let key: StaticString
    let correlationID: String?
    let trace: TraceContext?
    let fields: LogFields
}

/// The process that writes the log.
package struct LogOrigin: Sendable, Equatable {
    package let service: String
    package let replica: String

    package init(service: String, replica: String) {
        self.service = service
        self.replica = replica
    }
}

package enum LogFormat: Sendable, Equatable {
    /// One JSON object per line.
    case json
    /// For terminals: time, level, key, then `name=value`.
    case text(colours: Bool)

    func append(_ line: LogLine, from origin: LogOrigin, to output: inout [UInt8]) {
        switch self {
        case .json: line.appendJSON(from: origin, to: &output)
        case .text(let colours): line.appendText(colours: colours, to: &output)
        }
        output.append(UInt8(ascii: "\n"))
    }
}

extension LogLine {
    private static let reserved: Set<ByteString> = [
        "ts", "level", "key", "service", "replica", "cid", "trace", "span",
    ]

    fileprivate func appendJSON(from origin: LogOrigin, to output: inout [UInt8]) {
        JSONWriter.append(to: &output) { writer in
            writer.object { line in
                line.field("ts", "\(RFC3339(milliseconds: time))")
                line.field("level", level.rawValue)
                line.field("key", "\(key)")
                line.field("service", origin.service)
                line.field("replica", origin.replica)
                if let correlationID { line.field("cid", correlationID) }
                if let trace {
                    line.field("trace", trace.traceID.description)
                    line.field("span", trace.spanID.description)
                }
                for (name, value) in fields.entries {
                    // Avoids duplicate names, which parsers treat differently.
                    line.key(named: Self.reserved.contains(ByteString(name)) ? "\(name)_" : name)
                    line.value(value)
                }
            }
        }
    }

    fileprivate func appendText(colours: Bool, to output: inout [UInt8]) {
        let clock = "\(RFC3339(milliseconds: time))".dropFirst(11).dropLast()
        let name = level.rawValue.uppercased()
        let padding = String(repeating: " ", count: 8 - name.count)
        output.append(contentsOf: "\(clock) ".utf8)
        output.append(contentsOf: (colours ? "\(level.colour)\(name)\u{1b}[0m" : name).utf8)
        output.append(contentsOf: "\(padding) ".utf8)
        output.append(contentsOf: (colours ? "\u{1b}[1m\(key)\u{1b}[0m" : "\(key)").utf8)
        var pairs = fields.entries
        if let trace { pairs.insert(("trace", .string(trace.traceID.description)), at: 0) }
        if let correlationID { pairs.insert(("cid", .string(correlationID)), at: 0) }
        for (name, value) in pairs {
            output.append(contentsOf: (colours ? " \u{1b}[2m\(name)=\u{1b}[0m" : " \(name)=").utf8)
            if case .string(let text) = value, Self.isPlain(text) {
                output.append(contentsOf: text.truncated(toBytes: LogValue.stringLimit).utf8)
            } else {
                JSONWriter.append(to: &output) { $0.value(value) }
            }
        }
    }

    /// Whether a string needs no quotes. Characters that could control a terminal are quoted and escaped.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.properties.generalCategory.isVisible && scalar != "\"" && scalar != "\\"
                    && scalar != "="
            }
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isVisible: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }
}

extension LogLevel {
    /// ANSI colour (ECMA-48, SGR).
    fileprivate var colour: String {
        switch self {
        case .trace, .debug: "\u{1b}[2m"
        case .info: "\u{1b}[32m"
        case .warning: "\u{1b}[33m"
        case .error, .critical: "\u{1b}[31m"
        }
    }
}
