import Testing

@Suite struct HabitTests {
    /// A place where a habit is broken, and why it must be.
    struct Exception: Sendable {
        let path: String
        let reason: String
    }

    /// Where `unsafe` may stand: what talks to C, and a few files that say why.
    static let unsafePlaces = [
        Exception(path: "libs/EventLoop/", reason: "system calls and OpenSSL"),
        Exception(path: "libs/JOSE/", reason: "OpenSSL"),
        Exception(path: "libs/Redis/", reason: "hiredis"),
        Exception(path: "libs/AMQP/", reason: "rabbitmq-c"),
        Exception(path: "libs/Postgres/", reason: "libpq"),
        Exception(path: "libs/HTTP/Codec/Bytes.swift", reason: "eight bytes at a time"),
        Exception(path: "libs/HTTP/WebSocket/Handshake.swift", reason: "OpenSSL's digest and random"),
        Exception(path: "libs/JSON/Words.swift", reason: "eight bytes at a time"),
        Exception(path: "libs/Observability/System/SystemCalls.swift", reason: "clocks, descriptors, /proc"),
    ]

    @Test func unsafeStaysInTheWrappers() {
        holds(/\bunsafe\b/, exceptions: Self.unsafePlaces)
    }

    @Test func isolationIsProvedNotPromised() {
        holds(
            /@unchecked\s+Sendable/,
            exceptions: [
                Exception(path: "libs/EventLoop/Executor/Locked.swift", reason: "it is the lock"),
                Exception(
                    path: "libs/EventLoop/Network/SocketAddress.swift", reason: "a C struct of plain bytes"),
            ])
    }

    @Test func errorsAreHandled() {
        holds(/\btry!/, exceptions: [])
        holds(/\bas!/, exceptions: [])
        holds(
            /\bfatalError\s*\(/,
            exceptions: [
                Exception(path: "libs/JOSE/OpenSSL/SecureRandom.swift", reason: "no key without randomness")
            ])
    }

    /// A task that waits has the loop as its home (`Loop.task`); a plain one comes back by way of the global
    /// pool, at eight times the cost.
    @Test func tasksThatWaitLiveOnTheLoop() {
        let loop = Exception(path: "libs/EventLoop/Executor/Loop.swift", reason: "it makes them")
        holds(/\bTask\s*(\(.*\)\s*)?\{.*\bawait\b/, exceptions: [loop])
        holds(/\bTask\.(immediate|detached)\b/, exceptions: [])
    }

    @Test func testsWaitForConditions() {
        for file in SourceTree.files(in: "Tests") {
            let places = file.places(of: /\b(Task|Thread)\.sleep\b|(^|[^.\w])(u?sleep|nanosleep)\s*\(/)
            #expect(places.isEmpty, "sleeps: \(places.joined(separator: ", "))")
        }
    }

    @Test func filesStaySmall() {
        for file in SourceTree.files where !file.path.hasPrefix("Tests/") {
            #expect(file.lines.count <= 350, "\(file.path) has \(file.lines.count) lines")
        }
    }

    /// No file of the product holds `pattern` outside the exceptions, and each file excepted still needs it.
    private func holds(_ pattern: some RegexComponent, exceptions: [Exception]) {
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
