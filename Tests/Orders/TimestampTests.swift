import Testing

@testable import Orders

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T12:34:56.789Z", 951_827_696_789), ("2024-02-29T00:00:00.000Z", 1_709_164_800_000),
        ("1900-03-01T00:00:00.000Z", -2_203_891_200_000), ("2026-11-20T15:54:06.120Z", 1_795_190_046_120),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
    ])
    func formatsAndParses(text: String, milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"),
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
        ("2026-01-01t00:00:00z", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01T00:00:00.123999999Z", "2026-01-01T00:00:00.123Z"),
    ])
    func parsesOtherFormsOfTheRFC(text: String, canonical: String) {
        #expect(Timestamp(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-1-01T00:00:00.00Z",
        "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "1990-12-31T23:59:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00.123", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "+026-01-01T00:00:00Z", "2026-01-01T00:00:00*01:00",
    ])
    func rejects(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func formattingClampsToTheRange() {
        #expect(Timestamp(milliseconds: .max).description == Timestamp.latest.description)
        #expect(Timestamp(milliseconds: .min).description == Timestamp.earliest.description)
    }

    /// Each day of 800 years, against a calendar that counts days of months.
    @Test func convertsEveryDayFrom1600To2400() {
        var days: Int64 = -135_140
        for year: Int64 in 1_600...2_400 {
            for month: Int64 in 1...12 {
                for day in 1...Timestamp.CivilDate.days(inMonth: month, of: year) {
                    let date = Timestamp.CivilDate(daysSinceEpoch: days)
                    guard date == Timestamp.CivilDate(year: year, month: month, day: day),
                        date.daysSinceEpoch == days
                    else {
                        Issue.record("\(year)-\(month)-\(day) is \(date)")
                        return
                    }
                    days += 1
                }
            }
        }
        #expect(Timestamp.CivilDate.days(inMonth: 2, of: 1_900) == 28)
        #expect(Timestamp.CivilDate.days(inMonth: 2, of: 2_000) == 29)
    }
}
