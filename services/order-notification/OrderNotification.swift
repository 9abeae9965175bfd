@main
struct OrderNotification {
    static func main() {}
}
