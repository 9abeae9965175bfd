import JSON
import Testing

@testable import Waybill

@Suite struct SessionDirectoryTests {
    @Test func parsesARegistration() throws {
        let text = #"""
            {"replica":"n@1","address":"127.0.0.1:1","draining":true,"sessions":{"websocket":2,"sse":1,"signalr":0},
            "userCount":2,"users":[{"userId":"ada","position":"e:7","sessions":[
            {"protocol":"websocket","since":"2026-01-01T00:00:00.000Z"},{"protocol":"sse","since":"x"}]},
            {"userId":"bob","position":null,"sessions":[]}]}
            """#
        let replica = try #require(SessionDirectory.replica(Array(text.utf8)))
        #expect(replica.name == "n@1" && replica.isDraining && replica.count == 3)
        #expect(replica.sessions.map(\.wireProtocol) == ["websocket", "sse"])
        #expect(
            replica.sessions[0].json.text
                == #"{"userId":"ada","replica":"n@1","protocol":"websocket","since":"2026-01-01T00:00:00.000Z","position":"e:7"}"#
        )
        #expect(SessionDirectory.replica(Array("[]".utf8)) == nil)
    }
}
