@main
struct OrderAccept {
    static func main() {}
}
