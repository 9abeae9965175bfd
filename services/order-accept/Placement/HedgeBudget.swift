/// Limits how often a slow server is waited for in vain: in a burst, and then for one order in ten. The others go where
/// a server answers, so that a slow one does not double the work.
struct HedgeBudget {
    private var tokens = Self.burst

    static let burst = 20.0
    private static let perOrder = 0.1

    /// Whether the next order may wait for the server.
    mutating func admit() -> Bool {
        tokens = min(Self.burst, tokens + Self.perOrder)
        return tokens >= 1
    }

    /// Counts an order for which the server did not answer in time.
    mutating func spend() { tokens = max(0, tokens - 1) }
}
