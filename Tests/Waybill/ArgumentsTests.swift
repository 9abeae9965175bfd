import EventLoop
import Testing

@testable import Waybill

@Suite struct ArgumentsTests {
    private static let options = [
        CommandHelp.Option(name: "user", value: "USER", text: ""),
        CommandHelp.Option(name: "watch", text: ""),
        CommandHelp.Option(name: "size", value: "N", text: ""),
        CommandHelp.Option(name: "output", value: "FORMAT", text: "", values: .words(["json", "table"])),
    ]

    private func parse(_ words: String...) throws -> Arguments { try Arguments(words, options: Self.options) }

    @Test func acceptsOptionsAndPositionalsInAnyOrder() throws {
        let arguments = try parse("AZ-104:2", "--user", "CUST-1", "DP-900", "--watch")
        #expect(arguments.positional == ["AZ-104:2", "DP-900"])
        #expect(arguments["user"] == "CUST-1")
        #expect(arguments.has("watch"))
    }

    @Test func aValueMayFollowAnEqualsSign() throws {
        #expect(try parse("--user=a=b")["user"] == "a=b")
    }

    @Test func afterTwoDashesEverythingIsPositional() throws {
        #expect(try parse("--", "--watch").positional == ["--watch"])
    }

    @Test(arguments: [["--unknown"], ["--user"], ["--watch=yes"], ["-x"], ["--output", "yaml"]])
    func invalidArgumentsAreUsageErrors(words: [String]) {
        let failure = #expect(throws: CommandError.self) { try Arguments(words, options: Self.options) }
        #expect(failure?.code == .usage && failure?.remedy != nil)
    }

    @Test func numbersHaveARange() throws {
        #expect(try parse().integer("size", in: 1...9, default: 3) == 3)
        #expect(try parse("--size", "9").integer("size", in: 1...9, default: 3) == 9)
        #expect(throws: CommandError.self) {
            try parse("--size", "10").integer("size", in: 1...9, default: 3)
        }
        #expect(throws: CommandError.self) {
            try parse("--size", "x").integer("size", in: 1...9, default: 3)
        }
    }

    @Test func parsesOrderLines() throws {
        #expect(try OrderLineArgument("AZ-104:2") == OrderLineArgument(product: "AZ-104", quantity: 2))
        #expect(try OrderLineArgument("DP-900") == OrderLineArgument(product: "DP-900", quantity: 1))
    }

    @Test(arguments: ["", ":2", "AZ-104:", "AZ-104:x", "AZ-104:1:2"])
    func invalidOrderLinesAreUsageErrors(text: String) {
        #expect(throws: CommandError.self) { try OrderLineArgument(text) }
    }

    @Test @Loop func everyCommandHasItsOwnNameAndAnExample() {
        let helps = CommandTable.all.map { $0.help }
        #expect(Set(helps.map(\.name)).count == helps.count)
        for help in helps {
            #expect(!help.examples.isEmpty)
            #expect(help.examples.allSatisfy { $0.hasPrefix("waybill \(help.name)") })
        }
    }
}
