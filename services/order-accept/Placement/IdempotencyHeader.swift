import HTTP
import Service

extension HTTPRequest {
    /// The value of `Idempotency-Key`: 1–255 visible ASCII characters. Nil when there is none.
    func idempotencyKey() throws(Problem) -> String? {
        guard headers.contains("Idempotency-Key") else { return nil }
        let values = headers.values("Idempotency-Key")
        guard values.count == 1, (1...255).contains(values[0].utf8.count),
            values[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .validation([("Idempotency-Key", ["Idempotency-Key must be 1 to 255 visible characters."])])
        }
        return values[0]
    }
}
