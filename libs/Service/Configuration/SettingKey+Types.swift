package import EventLoop
package import Observability

extension SettingKey where Value == String {
    package static func string(
        _ name: String, kind: String = "text", default fallback: String? = nil, _ summary: String
    ) -> SettingKey {
        SettingKey(name, kind: kind, default: fallback.map { ($0, $0) }, summary) { text in
            // What nobody sees in a file would be compared with what others send.
            let isHidden = text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
            let ends = [text.unicodeScalars.first, text.unicodeScalars.last]
            guard !isHidden, !ends.contains(where: { $0?.properties.isWhitespace == true }) else {
                return .failure(SettingError("has white space around it or a control character", write: kind))
            }
            return .success(text)
        }
    }

    /// An absolute URL of one of these schemes, with a host and without a password.
    package static func url(_ name: String, schemes: [String], _ summary: String) -> SettingKey {
        let kind = "\(schemes.joined(separator: ":// or "))://host[:port]/path"
        return SettingKey(name, kind: kind, summary) { text in
            let url: ServerURL
            do throws(ServerURLError) { url = try ServerURL(text) } catch {
                return .failure(SettingError("\(error)", write: kind))
            }
            guard schemes.contains(url.scheme) else {
                return .failure(SettingError("has another scheme or none", write: kind))
            }
            guard url.user == nil, url.password == nil else {
                return .failure(SettingError("has no plain host", write: kind))
            }
            return .success(text)
        }
    }

    /// A file that exists and can be read.
    package static func file(_ name: String, _ summary: String) -> SettingKey {
        SettingKey(name, kind: "path of a readable file", summary) { path in
            SystemCalls.contents(of: path) == nil
                ? .failure(
                    SettingError(
                        "names \(quoted(path)), which cannot be read", write: "path of a readable file"))
                : .success(path)
        }
    }
}

extension SettingKey where Value == Int {
    package static func integer(
        _ name: String, in range: ClosedRange<Int>, default fallback: Int? = nil, _ summary: String
    ) -> SettingKey {
        let kind = "integer \(range.lowerBound)…\(range.upperBound)"
        return SettingKey(name, kind: kind, default: fallback.map { ("\($0)", $0) }, summary) { text in
            guard let value = Int(text) else {
                return .failure(SettingError("is \(quoted(text)), not an integer", write: kind))
            }
            return range.contains(value)
                ? .success(value) : .failure(SettingError("is \(value), out of range", write: kind))
        }
    }
}

extension SettingKey where Value == Double {
    /// A number from 0 to 1.
    package static func ratio(_ name: String, default fallback: Double, _ summary: String) -> SettingKey {
        let kind = "number 0…1"
        return SettingKey(name, kind: kind, default: ("\(fallback)", fallback), summary) { text in
            guard let value = Double(text), (0...1).contains(value) else {
                return .failure(SettingError("is \(quoted(text))", write: kind))
            }
            return .success(value)
        }
    }
}

extension SettingKey where Value == Duration {
    /// A number of seconds, or a number with a unit: `10`, `1.5s`, `250ms`, `45m`, `24h`.
    package static func duration(
        _ name: String, in range: ClosedRange<Duration>, default fallback: Duration? = nil, _ summary: String
    ) -> SettingKey {
        let kind =
            "seconds, or a number with ms, s, m or h, \(spelled(range.lowerBound))…\(spelled(range.upperBound))"
        return SettingKey(name, kind: kind, default: fallback.map { (spelled($0), $0) }, summary) { text in
            let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let units = ["ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600]
            guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))],
                number * unit < 1e9
            else { return .failure(SettingError("is \(quoted(text)), not a duration", write: kind)) }
            let value = Duration.milliseconds(Int64((number * unit * 1000).rounded()))
            return range.contains(value)
                ? .success(value) : .failure(SettingError("is \(spelled(value)), out of range", write: kind))
        }
    }
}

extension SettingKey where Value == Bool {
    package static func flag(_ name: String, default fallback: Bool? = nil, _ summary: String) -> SettingKey {
        SettingKey(name, kind: "on|off", default: fallback.map { ($0 ? "on" : "off", $0) }, summary) { text in
            switch text.lowercased() {
            case "on", "true", "yes", "1": .success(true)
            case "off", "false", "no", "0": .success(false)
            default: .failure(SettingError("is \(quoted(text))", write: "on|off"))
            }
        }
    }
}

extension SettingKey where Value: CaseIterable & RawRepresentable<String> & Sendable {
    /// One of an enumeration's raw values.
    package static func choice(_ name: String, default fallback: Value? = nil, _ summary: String)
        -> SettingKey
    {
        let kind = Value.allCases.map(\.rawValue).joined(separator: "|")
        return SettingKey(name, kind: kind, default: fallback.map { ($0.rawValue, $0) }, summary) { text in
            Value(rawValue: text).map { .success($0) }
                ?? .failure(SettingError("is \(quoted(text))", write: kind))
        }
    }
}

extension SettingKey where Value == Endpoint {
    /// Host and port. Without a host, the port applies to every address.
    package static func endpoint(_ name: String, default fallback: Endpoint? = nil, _ summary: String)
        -> SettingKey
    {
        SettingKey(name, kind: "host:port", default: fallback.map { ("\($0)", $0) }, summary) { text in
            Endpoint(text).map { .success($0) }
                ?? .failure(SettingError("is \(quoted(text))", write: "host:port, [v6]:port or :port"))
        }
    }
}

extension SettingKey where Value == [Endpoint] {
    /// Comma-separated hosts with their ports; empty when not set.
    package static func endpoints(_ name: String, _ summary: String) -> SettingKey {
        let kind = "comma list of host:port"
        return SettingKey(name, kind: kind, default: ("", []), summary) { text in
            let endpoints = text.items.compactMap { Endpoint($0) }
            return endpoints.count == text.items.count
                ? .success(endpoints) : .failure(SettingError("is \(quoted(text))", write: kind))
        }
    }
}

extension SettingKey where Value == [IPAddressRange] {
    /// Comma-separated addresses and networks.
    package static func addressRanges(_ name: String, default fallback: String, _ summary: String)
        -> SettingKey
    {
        let kind = "comma list of addresses and networks, such as 10.0.0.0/8"
        let value = fallback.items.compactMap { IPAddressRange($0) }
        return SettingKey(name, kind: kind, default: (fallback, value), summary) { text in
            let ranges = text.items.compactMap { IPAddressRange($0) }
            return ranges.count == text.items.count
                ? .success(ranges) : .failure(SettingError("is \(quoted(text))", write: kind))
        }
    }
}

extension SettingKey where Value == Secret<String> {
    package static func secret(
        _ name: String, minimumBytes: Int, _ summary: String
    ) -> SettingKey<Secret<String>> {
        let kind = "secret of \(minimumBytes) bytes or more"
        return SettingKey(name, kind: kind, isSecret: true, summary) { text in
            text.utf8.count >= minimumBytes
                ? .success(Secret(text)) : .failure(SettingError("has \(text.utf8.count) bytes", write: kind))
        }
    }
}

extension SettingKey where Value == ConnectionURL {
    package static func connection(_ name: String, _ scheme: ConnectionURL.Scheme, _ summary: String)
        -> SettingKey
    {
        SettingKey(name, kind: scheme.example, isSecret: true, summary) { text in
            do throws(SettingError) { return .success(try ConnectionURL(text, scheme)) } catch {
                return .failure(error)
            }
        }
    }
}

extension SettingKey where Value == [String] {
    /// Comma-separated items, without surrounding spaces and empty ones.
    package static func list(
        _ name: String, of kind: String = "texts", default fallback: [String]? = nil, _ summary: String
    ) -> SettingKey {
        let text = fallback.map { $0.joined(separator: ",") }
        return SettingKey(
            name, kind: "comma list of \(kind)", default: fallback.map { (text ?? "", $0) }, summary
        ) { text in
            .success(text.items)
        }
    }

    /// Comma-separated origins as browsers send them, or `*`; empty when not set.
    package static func origins(_ name: String, _ summary: String) -> SettingKey {
        let kind = "comma list of origins, such as https://shop.example"
        return SettingKey(name, kind: kind, default: ("", []), summary) { text in
            let wrong = text.items.first { $0 != "*" && !isOrigin($0) }
            return wrong.map { .failure(SettingError("has \(quoted($0)), which is no origin", write: kind)) }
                ?? .success(text.items)
        }
    }

    /// A scheme, a host, and a port unless it is the scheme's.
    private static func isOrigin(_ text: String) -> Bool {
        guard let separator = text.firstRange(of: "://"), separator.lowerBound > text.startIndex else {
            return false
        }
        let host = text[separator.upperBound...].utf8
        return !host.isEmpty && host.allSatisfy { (0x21...0x7E).contains($0) && !"/?#@".utf8.contains($0) }
    }
}

extension String {
    /// The items of a comma-separated list.
    fileprivate var items: [String] { split(separator: ",").map(\.trimmed).filter { !$0.isEmpty } }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

/// The text for an error message: short, on one line.
private func quoted(_ text: String) -> String {
    let shown = Redaction.url(text).prefix(64).map { $0.isNewline || $0 == "\u{1b}" ? "?" : $0 }
    return "“\(String(shown))”"
}

/// A duration in its key's format: `2700` seconds, or `250ms`.
private func spelled(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    return attoseconds == 0 ? "\(seconds)" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
}
