import Testing

@testable import HTTP

/// The same bytes give the same requests however the network cuts them.
@Suite struct SegmentationTests {
    static let inputs = [
        "GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nA:  b \r\n\r\n",
        "\r\nPOST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
            + "3;n=v\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: u\r\nV: w\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\nHEAD http://h/ HTTP/1.1\r\nHost: H\r\nConnection: close\r\n\r\n",
    ]

    @Test(arguments: inputs) func everySplitGivesTheSameResult(_ input: String) {
        let bytes = Array(input.utf8)
        let whole = Decoding.requests([bytes])
        #expect(!whole.contains { $0.hasPrefix("refused") })
        for cut in 0...bytes.count {
            #expect(Decoding.requests([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
        }
        #expect(Decoding.requests(bytes.map { [$0] }) == whole)
    }

    @Test(arguments: SmugglingTests.framing + SmugglingTests.syntax + SmugglingTests.chunks)
    func everyCutIsRefusedAlike(_ attempt: SmugglingTests.Case) {
        let bytes = Array((attempt.request + "GET / HTTP/1.1\r\nHost: x\r\n\r\n").utf8)
        let whole = Decoding.requests([bytes])
        for cut in stride(from: 0, through: bytes.count, by: bytes.count > 1000 ? 97 : 1) {
            #expect(Decoding.requests([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
        }
        if bytes.count < 1000 { #expect(Decoding.requests(bytes.map { [$0] }) == whole) }
    }
}
