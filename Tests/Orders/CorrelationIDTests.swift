import Orders
import Testing

@Suite struct CorrelationIDTests {
    /// RFC 9562, appendix A.6.
    @Test func matchesTheExampleOfTheRFC() throws {
        let id = CorrelationID(
            unixMilliseconds: 0x017F_22E2_79B0, randomA: 0xCC3, randomB: 0x18C4_DC0C_0C07_398F)
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        let parsed = try #require(CorrelationID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"))
        #expect(parsed == id)
        #expect(parsed.version == 7)
        #expect(parsed.timestamp == Timestamp("2022-02-22T19:22:22Z"))
    }

    @Test(arguments: [
        "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "919108f7-52d1-4320-9bac-f847db4148a8", "01234567-89ab-cdef-0123-456789abcdef",
    ])
    func everyVersionSurvivesARoundTrip(text: String) throws {
        let id = try #require(CorrelationID(text))
        #expect(id.description == text)
        #expect(CorrelationID(text.uppercased()) == id)
        #expect(id.timestamp == nil)
    }

    @Test(arguments: [
        "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
        "017f22e279b07cc398c4dc0c0c07398f", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2_79b0-7cc3-98c4-dc0c0c07398f", " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "+17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c0739é",
    ])
    func rejectsOtherForms(text: String) {
        #expect(CorrelationID(text) == nil)
    }

    @Test func comparesByBytes() throws {
        let small = try #require(CorrelationID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"))
        #expect(small < CorrelationID(high: small.high, low: small.low + 1))
        #expect(small < CorrelationID(high: small.high + 1, low: 0))
    }
}

@Suite struct CorrelationIDGeneratorTests {
    @Test func increasesWhileTheClockStopsOrStepsBack() {
        var generator = CorrelationIDGenerator()
        var last = generator.make(unixMilliseconds: 1_700_000_000_000, random: .max)
        for step in 0..<10_000 {
            let clock: Int64 = step % 3 == 0 ? 1_699_999_000_000 : 1_700_000_000_000
            let next = generator.make(unixMilliseconds: clock, random: UInt64(step % 2))
            guard next > last, next.version == 7, next.low >> 62 == 0b10 else {
                Issue.record("\(next) after \(last)")
                return
            }
            last = next
        }
        #expect(last.timestamp == Timestamp(milliseconds: 1_700_000_000_002))
    }

    @Test func followsTheClock() {
        var generator = CorrelationIDGenerator()
        _ = generator.make(unixMilliseconds: 5, random: 0)
        let id = generator.make(unixMilliseconds: 1_700_000_000_123, random: 0x3FFF_FFFF_FFFF_FFFF)
        #expect(id.timestamp == Timestamp(milliseconds: 1_700_000_000_123))
        #expect(id.description.hasSuffix("-7000-bfff-ffffffffffff"))
    }

    @Test func treatsANegativeClockAsZero() {
        var generator = CorrelationIDGenerator()
        #expect(generator.make(unixMilliseconds: -1, random: 0).timestamp == Timestamp(milliseconds: 0))
    }
}
