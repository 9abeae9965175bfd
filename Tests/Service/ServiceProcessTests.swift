import EventLoop
import Glibc
import Observability
import Testing

@testable import Service

/// Runs a complete service in a process of its own.
@Suite struct ServiceProcessTests {
    @Test func aSignalDrainsTheProcess() async throws {
        let result = await #expect(
            processExitsWith: .exitCode(0), observing: [\.standardErrorContent]
        ) {
            ServiceProcess.main(
                name: "probe", summary: "", port: 1, arguments: [],
                environment: Environment(["LISTEN": "127.0.0.1:0", "LOG_FORMAT": "text"])
            ) { context in
                [
                    "http": HTTPService(context),
                    "work": TestService(
                        run: {
                            while context.health.phase != .serving { await Task.yield() }
                            raise(SIGTERM)
                            try await Loop.sleep(for: .seconds(60))
                        }),
                ]
            }
        }
        let log = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let keys = [
            "service.starting", "http.listening", "service.ready", "service.stopping", "service.stopped",
        ]
        var rest = log[...]
        for key in keys {
            let range = try #require(rest.firstRange(of: key), "\(key) in \(log)")
            rest = rest[range.upperBound...]
        }
    }

    @Test func aSecondSignalEndsTheProcessAtOnce() async {
        await #expect(processExitsWith: .exitCode(143)) {
            ServiceProcess.main(
                name: "probe", summary: "", port: 1, arguments: [], environment: Environment([:])
            ) {
                _ in
                [
                    "stubborn": TestService(
                        drain: { _ in
                            raise(SIGTERM)
                            try? await Loop.sleep(for: .seconds(60))
                        }),
                    "work": TestService(
                        run: {
                            raise(SIGTERM)
                            try await Loop.sleep(for: .seconds(60))
                        }),
                ]
            }
        }
    }

    @Test func aFailureHasItsOwnExitCode() async {
        struct MalformedInput: Error {}
        await #expect(processExitsWith: .exitCode(1)) {
            ServiceProcess.main(
                name: "probe", summary: "", port: 1, arguments: [], environment: Environment([:])
            ) {
                _ in throw MalformedInput()
            }
        }
    }

    @Test func logsEveryConfigurationError() async {
        let result = await #expect(
            processExitsWith: .exitCode(78), observing: [\.standardErrorContent]
        ) {
            ServiceProcess.main(
                name: "probe", summary: "", port: 1,
                keys: [SettingKey.connection("REDIS_URL", .redis, "Redis.")],
                arguments: [],
                environment: Environment(["LISTEN": "x", "WAYBILL_X": "1", "LOG_FORMAT": "json"])
            ) { _ in [:] }
        }
        let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
        #expect(lines.count { $0.contains(#""key":"configuration.fault""#) } == 2)
        #expect(
            lines.contains {
                $0.contains(#""setting":"REDIS_URL","problem":"is not set","write":"redis[s]://"#)
            })
        #expect(lines.contains { $0.contains("WAYBILL_X is not a key of this service") })
    }

    @Test func printsHelpAndRefusesUnknownArguments() async {
        let result = await #expect(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
            ServiceProcess.main(name: "probe", summary: "Probes.", port: 7, arguments: ["--help"]) { _ in [:]
            }
        }
        let help = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        #expect(help.contains("probe: Probes.") && help.contains("Default: `127.0.0.1:7`."))
        let short = await #expect(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
            ServiceProcess.main(name: "probe", summary: "Probes.", port: 7, arguments: ["-h"]) { _ in [:] }
        }
        #expect(short?.standardOutputContent == result?.standardOutputContent)
        let check = await #expect(processExitsWith: .exitCode(78), observing: [\.standardOutputContent]) {
            ServiceProcess.main(
                name: "probe", summary: "", port: 1, arguments: ["--check"],
                environment: Environment(["LISTEN": "x", "WAYBILL_X": "1"])
            ) { _ in [:] }
        }
        let problems = String(decoding: check?.standardOutputContent ?? [], as: UTF8.self)
        #expect(
            problems.contains("fault: LISTEN is “x”") && problems.contains("warning: WAYBILL_X is not a key"))
        await #expect(processExitsWith: .exitCode(0)) {
            ServiceProcess.main(
                name: "probe", summary: "", port: 1, arguments: ["--check"], environment: Environment([:])
            ) { _ in [:] }
        }
        let version = await #expect(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
            ServiceProcess.main(name: "probe", summary: "", port: 1, arguments: ["--version"]) { _ in [:] }
        }
        #expect(
            String(decoding: version?.standardOutputContent ?? [], as: UTF8.self)
                == "probe \(Version.current)\n")
        await #expect(processExitsWith: .exitCode(64)) {
            ServiceProcess.main(name: "probe", summary: "", port: 1, arguments: ["--port"]) { _ in [:] }
        }
    }
}
