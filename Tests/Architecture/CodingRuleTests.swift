import Testing

@Suite struct CodingRuleTests {
    /// A file or folder that is exempt from a rule, and why.
    struct Exception: Sendable {
        let path: String
        let reason: String
    }

    /// Where `unsafe` may appear: wrappers of C libraries, and single files with a reason.
    static let unsafeExceptions = [
        Exception(path: "libs/EventLoop/", reason: "system calls and OpenSSL"),
        Exception(path: "libs/JOSE/", reason: "OpenSSL"),
        Exception(path: "libs/Redis/", reason: "hiredis"),
        Exception(path: "libs/AMQP/", reason: "rabbitmq-c"),
        Exception(path: "libs/Postgres/", reason: "libpq"),
        Exception(path: "libs/HTTP/Codec/Bytes.swift", reason: "eight bytes at a time"),
        Exception(
            path: "libs/HTTP/WebSocket/WebSocketHandshake.swift", reason: "OpenSSL's digest and random"),
        Exception(path: "libs/JSON/SWAR.swift", reason: "eight bytes at a time"),
        Exception(path: "libs/Observability/SystemCalls.swift", reason: "clocks, descriptors, /proc"),
    ]

    @Test func unsafeAppearsOnlyInWrappers() {
        expectAbsent(/\bunsafe\b/, exceptions: Self.unsafeExceptions)
    }

    /// Elsewhere the compiler excludes what the sanitizers find.
    @Test func everyModuleWithUnsafeCodeRunsUnderTheSanitizers() throws {
        let runner = try RepositoryFiles.text(of: "infra/local/bin/test")
        let list = try #require(runner.firstMatch(of: /UNSAFE = \[(.*)\]/)).1
        let names = Set(list.matches(of: /\w+/).map { String($0.0) })
        let folders = Set(Self.unsafeExceptions.map { $0.path.split(separator: "/")[1] }.map(String.init))
        #expect(names == folders)
    }

    @Test func sendabilityIsChecked() {
        expectAbsent(
            /@unchecked\s+Sendable/,
            exceptions: [
                Exception(path: "libs/EventLoop/Executor/Locked.swift", reason: "it is the lock"),
                Exception(
                    path: "libs/EventLoop/Network/SocketAddress.swift", reason: "a C struct of plain bytes"),
            ])
    }

    @Test func errorsAreHandled() {
        expectAbsent(/\btry!/, exceptions: [])
        expectAbsent(/\bas!/, exceptions: [])
        expectAbsent(
            /\bfatalError\s*\(/,
            exceptions: [
                Exception(path: "libs/JOSE/OpenSSL/SecureRandom.swift", reason: "no key without randomness")
            ])
    }

    /// A task that awaits prefers the loop's executor (`Loop.task`); a plain one resumes through the global pool, at
    /// eight times the cost.
    @Test func awaitingTasksPreferTheLoop() {
        let loop = Exception(path: "libs/EventLoop/Executor/Loop.swift", reason: "it makes them")
        expectAbsent(/\bTask\s*(\(.*\)\s*)?\{.*\bawait\b/, exceptions: [loop])
        expectAbsent(/\bTask\.(immediate|detached)\b/, exceptions: [])
    }

    /// A text from outside is compared as bytes (`libs/Bytes`), because a `String` is equal to canonically equivalent ones.
    @Test func textsFromOutsideAreNoKeys() {
        expectAbsent(
            /\[String\s*:|\b(Set|Dictionary)<String\b/,
            exceptions: [
                Exception(path: "services/waybill/Commands/CommandLine/", reason: "options of its own"),
                Exception(path: "services/waybill/Commands/Completion/", reason: "options of its own"),
                Exception(path: "services/waybill/Commands/Stack/", reason: "variables of its own"),
                Exception(path: "services/waybill/Operations/Stack/", reason: "variables of its own"),
                Exception(path: "services/waybill/Load/", reason: "correlation ids that it has parsed"),
                Exception(path: "services/waybill/Scenarios/", reason: "correlation ids that it has parsed"),
            ])
        expectAbsent(/\.value\s*[!=]=\s*(\w+\.)*(user|owner|customer|product)/, exceptions: [])
    }

    @Test func testsDoNotSleep() {
        for file in SourceTree.files(in: "Tests") {
            let places = file.places(of: /\b(Task|Thread)\.sleep\b|(^|[^.\w])(u?sleep|nanosleep)\s*\(/)
            #expect(places.isEmpty, "sleeps: \(places.joined(separator: ", "))")
        }
    }

    @Test func filesStayBelow350Lines() {
        for file in SourceTree.files where !file.path.hasPrefix("Tests/") {
            #expect(file.lines.count <= 350, "\(file.path) has \(file.lines.count) lines")
        }
    }

    /// Fails where a product file contains `pattern` without an exception, and where an exception is no longer needed.
    private func expectAbsent(_ pattern: some RegexComponent, exceptions: [Exception]) {
        var used: Set<String> = []
        for file in SourceTree.files where !file.path.hasPrefix("Tests/") {
            let places = file.places(of: pattern)
            guard !places.isEmpty else { continue }
            if let exception = exceptions.first(where: { file.path.hasPrefix($0.path) }) {
                used.insert(exception.path)
            } else {
                Issue.record("\(places.joined(separator: ", "))")
            }
        }
        for exception in exceptions where exception.path.hasSuffix(".swift") && !used.contains(exception.path)
        {
            Issue.record("\(exception.path) no longer needs its exception")
        }
    }
}
