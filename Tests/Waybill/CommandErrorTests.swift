import EventLoop
import Foundation
import HTTP
import JSON
import TestSupport
import Testing

@testable import Waybill

/// Every error names the next step: the compiler asks for it. Where none can be named, a reason is given, and the place is
/// listed here.
@Suite struct CommandErrorTests {
    @Test func errorsWithoutARemedyAreDecisions() throws {
        let folder = "\(Program.repository)/services/waybill"
        var found: [String: Int] = [:]
        let files = try #require(FileManager.default.enumerator(atPath: folder))
        for case let path as String in files where path.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
            let count = text.matches(of: /noRemedy: "[^"]+"/).count
            if count > 0 { found[path] = count }
        }
        #expect(
            found == [
                // An error of a library that no command expects.
                "Commands/CommandLine/CommandRunner.swift": 1,
                // Ctrl-C.
                "Operations/RecordOperations.swift": 1,
            ])
    }

    @Test(arguments: [400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503, 504]) @Loop
    func everyRefusalNamesTheNextStep(code: Int) throws {
        let problem = try JSONValue(parsing: #"{"title":"No.","detail":"D","errors":{"a":["b"]}}"#)
        let failure = OrderAPI.refusal(HTTPStatus(code), problem)
        #expect(failure.message == "\(code) No.: D: a: b")
        #expect(failure.remedy?.isEmpty == false)
        #expect(failure.code == ([502, 503].contains(code) ? .unavailable : .failure))
    }

    @Test func aHungProcessIsNamedWithTheLineThatMendsIt() {
        var entry = StackHealth.Entry(name: "process-1", service: "order-process", pid: 7, url: "http://h:1")
        entry.state = .hung
        let local = HealthCheck(entry, isLocal: true)
        #expect(local.name == "order-process (process-1) at http://h:1")
        #expect(local.problem?.contains("hangs") == true)
        #expect(local.remedy == "waybill up, which restarts it alone; or kill -9 7")
        #expect(HealthCheck(entry, isLocal: false).remedy?.contains("waybill up") == false)
        for state: StackHealth.State in [
            .dead, .hung, .unready("draining"), .ready(reasons: ["redis.oom"]), .strange("418"),
        ] {
            entry.state = state
            let check = HealthCheck(entry, isLocal: true)
            #expect(check.problem != nil && check.remedy != nil)
        }
        for state: StackHealth.State in [.running, .ready(reasons: [])] {
            entry.state = state
            #expect(HealthCheck(entry, isLocal: true).problem == nil)
        }
    }
}
