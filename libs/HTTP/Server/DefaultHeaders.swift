internal import EventLoop
internal import Glibc

/// The fields that every response of a server carries: `Date` (RFC 9110, 6.6.1), formatted once a second,
/// and the configured ones.
@Loop
final class DefaultHeaders {
    private let defaults: HTTPHeaders
    private var cached: [UInt8] = []
    private var validUntil = Instant(nanoseconds: 0)

    init(_ defaults: HTTPHeaders) { self.defaults = defaults }

    /// In the form that goes on the wire.
    var bytes: [UInt8] {
        if Loop.now >= validUntil {
            let seconds = time(nil)
            cached = Array("Date: \(HTTPDate.format(secondsSince1970: seconds))\r\n".utf8)
            cached += defaults.bytes
            validUntil = Loop.now + .seconds(1)
        }
        return cached
    }
}

/// `IMF-fixdate` (RFC 9110, 5.6.7).
package enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    package static func format(secondsSince1970 seconds: Int) -> String {
        let day = seconds / 86_400
        let rest = seconds % 86_400
        // Days to a date of the proleptic Gregorian calendar, in eras of 400 years that start in March.
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 2 : shiftedMonth - 10
        let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(days[day % 7]), \(two(dayOfMonth)) \(months[month]) \(year) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
    }
}
