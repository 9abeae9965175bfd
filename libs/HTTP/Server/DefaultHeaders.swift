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

    /// As written on the wire.
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
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    package static func format(secondsSince1970 seconds: Int) -> String {
        let time = UTCDateTime(secondsSince1970: seconds)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(weekdays[time.weekday]), \(two(time.day)) \(months[time.month - 1]) \(time.year) "
            + "\(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT"
    }
}
