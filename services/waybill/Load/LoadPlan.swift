/// The rate, the number of users, and the duration.
struct LoadPlan: Sendable, Equatable {
    /// Orders per second, evenly spaced.
    var rate: Int
    var users: Int
    var seconds: Int

    static let rates = 1...2000
    static let userLimits = 1...200
    static let durations = 1...600
    /// Limit of one run, against accidental overload.
    static let maxOrders = 200_000

    var orders: Int { rate * seconds }

    init(rate: Int, users: Int, seconds: Int) throws(CommandError) {
        self.rate = rate
        self.users = users
        self.seconds = seconds
        guard orders <= Self.maxOrders else {
            throw CommandError(
                .usage, "\(orders) orders are more than \(Self.maxOrders)",
                remedy: "a lower --rate, or a shorter --for")
        }
    }

    /// When order `number` is due, after the start.
    func due(_ number: Int) -> Duration { .nanoseconds(Int64(number) * 1_000_000_000 / Int64(rate)) }
}
