import Foundation
import Testing

@Suite struct DocumentTests {
    static let documents = RepositoryFiles.files.filter { $0.hasSuffix(".md") }

    @Test func linksAndPicturesExist() throws {
        #expect(Self.documents.contains("README.md"))
        for path in Self.documents {
            for target in MarkdownDocument(try RepositoryFiles.text(of: path)).targets {
                if let problem = try Self.problem(with: target, in: path) {
                    Issue.record("\(path) links to \(target): \(problem)")
                }
            }
        }
    }

    /// - Returns: nil for a link that works and for one to another site.
    private static func problem(with target: String, in document: String) throws -> String? {
        if target.contains(/^[a-z]+:/) { return nil }
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let folder = document.split(separator: "/").dropLast().joined(separator: "/")
        var path = document
        if !parts[0].isEmpty {
            guard let joined = normalized("\(folder)/\(parts[0])") else { return "outside the repository" }
            path = joined
        }
        guard RepositoryFiles.contains(path) else { return "no such file" }
        guard parts.count == 2 else { return nil }
        if !path.hasSuffix(".md") { path += "/README.md" }
        guard RepositoryFiles.contains(path) else { return "an anchor in no document" }
        return MarkdownDocument(try RepositoryFiles.text(of: path)).anchors.contains(parts[1])
            ? nil : "no such heading"
    }

    private static func normalized(_ path: String) -> String? {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.popLast() == nil {
                return nil
            }
        }
        return parts.joined(separator: "/")
    }

    /// A path has a slash; a bare name with an extension is the name of some file.
    @Test func filesNamedInContributingExist() throws {
        let names = Set(RepositoryFiles.files.map { $0.split(separator: "/").last.map(String.init) ?? $0 })
        let spans = MarkdownDocument(try RepositoryFiles.text(of: "CONTRIBUTING.md")).codeSpans
        var paths = 0
        for span in spans where !span.contains(" ") && !span.contains("<") && !span.hasPrefix("/") {
            if span.hasPrefix("var/") { continue }
            if span.contains("/") {
                paths += 1
                #expect(RepositoryFiles.contains(span), "CONTRIBUTING.md names \(span)")
            } else if span.contains(/\.(swift|md|yml|yaml|py)$/) {
                #expect(names.contains(span), "CONTRIBUTING.md names \(span)")
            }
        }
        #expect(paths > 20)
    }

    @Test func readmeFitsOnFewPages() throws {
        let lines = try RepositoryFiles.text(of: "README.md").split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count - 1 <= 130)
    }

    @Test func operationsDescribeWhatTheCodeReports() throws {
        let operations = try RepositoryFiles.text(of: "docs/operations.md")
        let described = Set(
            operations.matches(of: /`([A-Za-z_.]+)(?:\{[a-z,]+\})?`/).map { String($0.output.1) })
        let metrics = try MetricsCatalogue().names
        var reported: Set<String> = []
        for path in RepositoryFiles.files where path.hasSuffix(".swift") && !path.hasPrefix("Tests/") {
            let source = try RepositoryFiles.text(of: path)
            let events = /(?:trace|debug|info|warning|error|critical)[,(]\s*"([a-z_]+\.[a-z_]+)"/
            reported.formUnion(source.matches(of: events).map { String($0.output.1) })
            reported.formUnion(source.matches(of: /addCheck\("([a-z_.]+)"/).map { String($0.output.1) })
            reported.formUnion(
                source.matches(of: /SettingKey\.[A-Za-z]+\(\s*"([A-Z_]+)"/).map { String($0.output.1) })
        }
        #expect(metrics.count > 40 && reported.count > 60)
        for name in metrics.union(reported).subtracting(described).sorted() {
            Issue.record("docs/operations.md does not describe \(name)")
        }
        for name in described.filter({ $0.hasPrefix("waybill_") }).subtracting(metrics).sorted()
        where !["waybill_reader", "waybill_notifier", "waybill_operator"].contains(name) {
            Issue.record("docs/operations.md describes \(name), which does not exist")
        }
    }

    @Test func theCatalogueOfMetricsIsThatOfTheCode() throws {
        let path = "docs/operations.md"
        let document = try RepositoryFiles.text(of: path)
        let updated = try #require(try MetricsCatalogue().updated(document))
        if ProcessInfo.processInfo.environment["UPDATE"] != nil {
            try updated.write(to: SourceTree.root.appending(path: path), atomically: true, encoding: .utf8)
        } else {
            #expect(updated == document, "run: UPDATE=1 ONLY=Architecture infra/local/bin/test")
        }
    }

    @Test func findsLinksAndAnchors() {
        let document = MarkdownDocument(
            """
            # A `title`, twice
            ![picture](a/b.png) and [text](c.md#d "title") but not `[code](x)`
            ```
            [code](y)
            # no heading
            ```
            ## A title, twice
            """)
        #expect(document.targets == ["a/b.png", "c.md#d"])
        #expect(document.anchors == ["a-title-twice", "a-title-twice-1"])
        #expect(document.codeSpans == ["title", "[code](x)"])
    }
}
