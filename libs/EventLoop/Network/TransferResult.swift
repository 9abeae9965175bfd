/// The result of one attempt to read or write bytes.
enum TransferResult {
    case bytes(Int)
    case blocked
    case ended
    case failed(TransportError)

    var error: TransportError? {
        if case .failed(let error) = self { return error }
        return nil
    }
}
