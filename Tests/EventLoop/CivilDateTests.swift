import Testing

@testable import EventLoop

@Suite struct CivilDateTests {
    /// Each day of 800 years, against a calendar that counts days of months.
    @Test func convertsEveryDayFrom1600To2400() {
        var days = -135_140
        for year in 1_600...2_400 {
            for month in 1...12 {
                for day in 1...CivilDate.days(inMonth: month, of: year) {
                    let date = CivilDate(daysSinceEpoch: days)
                    guard date == CivilDate(year: year, month: month, day: day), date.daysSinceEpoch == days
                    else {
                        Issue.record("\(year)-\(month)-\(day) is \(date)")
                        return
                    }
                    days += 1
                }
            }
        }
    }

    @Test(arguments: [
        (-719_528, 0, 1, 1), (-719_529, -1, 12, 31), (0, 1970, 1, 1), (2_932_896, 9999, 12, 31),
    ])
    func convertsYearsOfFourDigits(days: Int, year: Int, month: Int, day: Int) {
        #expect(CivilDate(daysSinceEpoch: days) == CivilDate(year: year, month: month, day: day))
        #expect(CivilDate(year: year, month: month, day: day)?.daysSinceEpoch == days)
    }

    @Test(arguments: [(2023, 2, 29), (1900, 2, 29), (2026, 4, 31), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0)])
    func rejectsDaysOutsideTheCalendar(year: Int, month: Int, day: Int) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }
}
