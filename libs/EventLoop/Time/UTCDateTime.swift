internal import Glibc

/// A second of UTC as a calendar and a clock show it, by `gmtime_r`.
package struct UTCDateTime: Sendable {
    package let year: Int
    /// 1…12
    package let month: Int
    /// 1…31
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    /// 0…6, from Sunday.
    package let weekday: Int

    package init(secondsSince1970 seconds: Int) {
        var time = time_t(seconds)
        var fields = unsafe tm()
        unsafe gmtime_r(&time, &fields)
        year = unsafe Int(fields.tm_year) + 1_900
        month = unsafe Int(fields.tm_mon) + 1
        day = unsafe Int(fields.tm_mday)
        hour = unsafe Int(fields.tm_hour)
        minute = unsafe Int(fields.tm_min)
        second = unsafe Int(fields.tm_sec)
        weekday = unsafe Int(fields.tm_wday)
    }
}
