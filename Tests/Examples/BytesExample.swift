import Bytes

func bytesExample() async throws {
    let composed = "Jos\u{E9}"
    let decomposed = "Jose\u{301}"
    print(composed == decomposed)  // true: canonically equivalent
    print(ByteString(composed) == ByteString(decomposed))  // false
}
