import TestSupport
import Testing

/// The promises, told as the demonstration tells them. One after another: each kills parts of the one stack.
@Suite(.serialized, .enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct StoryTests {
    @Test func nothingIsLostWhenServicesAreKilled() async throws {
        let result = try await Stack.shared().waybill("demo", "--orders", "20")
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        #expect(result.output.contains("The story held: 60 orders"))
    }

    @Test func theCommandSaysWhenThereIsNoStack() async throws {
        let result = try await Stack.shared().waybill("demo", "--stack", "/nowhere/stack.json")
        #expect(result.status == 69)
        #expect(result.errors.contains("make up"))
    }
}
