internal import JSON

extension JSONValue {
    /// Formatted with one member per line. Control characters are escaped, as JSON requires.
    var indented: String { text(indent: "") }

    private func text(indent: String) -> String {
        let deeper = indent + "  "
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { member in
                "\(deeper)\(JSONValue.string(member.key).text.printable): \(member.value.text(indent: deeper))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { deeper + $0.text(indent: deeper) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
        default: return text.printable
        }
    }
}
