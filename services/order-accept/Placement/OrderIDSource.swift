import EventLoop
import Orders

/// Where order ids come from. Never waits.
@Loop
protocol OrderIDSource: AnyObject {
    /// Nil when all ids at hand are spent.
    func next() -> OrderID?
}
