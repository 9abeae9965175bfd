import TestSupport
import Testing

/// Third-party SignalR clients, in Python: see `Tests/System/SignalR`.
@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct SignalRTests {
    @Test func publicClientsInvokeAndReceiveUpdates() async throws {
        let stack = try await Stack.shared()
        let result = try await Program.run(
            ["Tests/System/SignalR/run"], environment: ["WAYBILL_STACK": stack.file], in: Program.repository)
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
    }
}
