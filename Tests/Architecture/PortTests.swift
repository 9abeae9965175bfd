import Testing

@Suite struct PortTests {
    /// Of two stacks whose offsets are different multiples of 100, no port of one is another's of the other.
    @Test func noTwoPortsOfAStackHaveTheSameLastTwoDigits() throws {
        let source = try RepositoryFiles.text(of: "infra/local/devstack/configuration.py")
        let table = try #require(source.firstMatch(of: /SINGLE = \{([^}]*)\}/)).1
        let single = table.matches(of: /: (\d+)/).compactMap { Int($0.1) }
        let replicas = Array(8081..<8091) + Array(8091..<8101)
        #expect(single.count == 9)
        #expect(Set((single + replicas).map { $0 % 100 }).count == single.count + replicas.count)
        // Those of the notifiers are ten apart.
        #expect(single.allSatisfy { $0 % 10 != 5_006 % 10 })
    }
}
