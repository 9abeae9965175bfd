import EventLoop
import TestSupport
import Testing

@Loop @Suite(.onLoop) struct ChildProcessTests {
    private static func run(
        _ script: String, _ output: ChildProcess.Output = .captured
    ) async throws -> ChildProcess.Ended {
        try await ChildProcess(
            "/bin/sh", ["-c", script], environment: [("NAME", "a value")], directory: "/usr"
        ).run(output)
    }

    @Test func itHasItsWordsVariablesAndFolder() async throws {
        let ended = try await Self.run(#"echo "$NAME in $(pwd), HOME=$HOME"; cat; exit 7"#)
        #expect(ended.status == 7)
        #expect(String(decoding: ended.output, as: UTF8.self) == "a value in /usr, HOME=\n")
    }

    @Test func aSignalEndsIt() async throws {
        #expect(try await Self.run("kill -KILL $$").status == 128 + 9)
    }

    @Test func muchOutputDoesNotStopIt() async throws {
        let ended = try await Self.run("head -c 1000000 /dev/zero")
        #expect(ended.status == 0)
        #expect(ended.output.count == ChildProcess.captureLimit)
    }

    @Test func itsOwnChildrenAreNotWaitedFor() async throws {
        let ended = try await Self.run("echo started; sleep 300 & echo $!")
        let lines = String(decoding: ended.output, as: UTF8.self).split(separator: "\n")
        #expect(lines.first == "started")
        #expect(try await Self.run("kill \(lines.last ?? "")").status == 0)
    }

    @Test func aCancellationInterruptsItAndWaits() async throws {
        let task = Loop.task { try await Self.run("while :; do sleep 0.01; done", .standardError) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aMissingProgramIsNamed() async throws {
        await #expect(throws: TransportError.self) {
            try await ChildProcess("/nowhere/program", environment: [], directory: "/").run(.captured)
        }
    }
}
