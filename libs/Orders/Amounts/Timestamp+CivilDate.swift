extension Timestamp {
    /// A day of the proleptic Gregorian calendar, by H. Hinnant, "chrono-Compatible Low-Level Date Algorithms":
    /// years begin in March, so that the leap day ends one, and 400 of them (an era) have 146,097 days.
    ///
    /// This module imports nothing; elsewhere libc converts (`UTCDateTime`).
    struct CivilDate: Hashable {
        var year: Int64
        /// 1…12
        var month: Int64
        /// 1…31
        var day: Int64

        private static let daysPerEra: Int64 = 146_097
        /// From 0000-03-01 to 1970-01-01.
        private static let daysToEpoch: Int64 = 719_468

        init(daysSinceEpoch: Int64) {
            let days = daysSinceEpoch + Self.daysToEpoch
            let era = Timestamp.floorDivide(days, Self.daysPerEra)
            let dayOfEra = days - era * Self.daysPerEra
            let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let monthFromMarch = (5 * dayOfYear + 2) / 153
            day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
            month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
            year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        }

        /// Nil for a day that the calendar does not have.
        init?(year: Int64, month: Int64, day: Int64) {
            guard (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year) else {
                return nil
            }
            self.year = year
            self.month = month
            self.day = day
        }

        var daysSinceEpoch: Int64 {
            let shifted = month <= 2 ? year - 1 : year
            let era = Timestamp.floorDivide(shifted, 400)
            let yearOfEra = shifted - era * 400
            let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
            let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            return era * Self.daysPerEra + dayOfEra - Self.daysToEpoch
        }

        static func days(inMonth month: Int64, of year: Int64) -> Int64 {
            switch month {
            case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        }
    }
}
