@main
struct OrderProcess {
    static func main() {}
}
