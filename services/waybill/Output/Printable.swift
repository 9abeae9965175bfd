extension String {
    /// Without terminal control sequences: a message's content may be hostile.
    var printable: String {
        guard unicodeScalars.contains(where: { Self.isControl($0) }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if Self.isControl(scalar) {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// At most `limit` characters, the last one an ellipsis when text was cut.
    func cut(to limit: Int) -> String { count <= limit ? self : prefix(limit - 1) + "…" }
}
