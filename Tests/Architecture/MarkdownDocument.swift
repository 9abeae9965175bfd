/// What tests need of a Markdown document: its links, its headings' anchors and its code spans.
struct MarkdownDocument {
    private let lines: [Substring]

    init(_ text: String) {
        var isCode = false
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let isFence = line.drop { $0 == " " }.hasPrefix("```")
            if isFence { isCode.toggle() }
            return !isCode && !isFence
        }
    }

    /// The targets of links and pictures, without those of code spans.
    var targets: [String] {
        lines.flatMap { line in
            let prose = line.replacing(/`[^`]*`/, with: "")
            return prose.matches(of: /\]\(([^)\s]+)[^)]*\)/).map { String($0.output.1) }
        }
    }

    /// As GitHub makes them: lower case, punctuation dropped, spaces as hyphens, repetitions numbered.
    var anchors: Set<String> {
        var counts: [String: Int] = [:]
        var anchors: Set<String> = []
        for line in lines where line.hasPrefix("#") {
            let title = line.drop { $0 == "#" }.drop { $0 == " " }
            let slug = String(
                title.lowercased().compactMap { character -> Character? in
                    if character == " " { return "-" }
                    return character.isLetter || character.isNumber || "-_".contains(character)
                        ? character : nil
                })
            let count = counts[slug, default: 0]
            counts[slug] = count + 1
            anchors.insert(count == 0 ? slug : "\(slug)-\(count)")
        }
        return anchors
    }

    var codeSpans: [String] {
        lines.flatMap { $0.matches(of: /`([^`]+)`/).map { String($0.output.1) } }
    }
}
