import HTTP
import Identity
import Testing

@Suite struct BearerTokenTests {
    private func authorization(_ value: String) -> String? {
        BearerToken.inAuthorization(Request(.get, "/", headers: ["Authorization": value]))
    }

    @Test(arguments: ["Bearer abc", "bearer abc", "BEARER   abc"])
    func theSchemesNameIgnoresCase(value: String) {
        #expect(authorization(value) == "abc")
    }

    @Test(arguments: ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"])
    func otherHeadersCarryNoToken(value: String) {
        #expect(authorization(value) == nil)
    }

    @Test func twoHeadersAreNone() {
        let request = Request(.get, "/", headers: ["Authorization": "Bearer a", "authorization": "Bearer b"])
        #expect(BearerToken.inAuthorization(request) == nil)
    }

    @Test func aSocketMayBringItInThreePlaces() {
        #expect(BearerToken.forSocket(Request(.get, "/ws", headers: ["Authorization": "Bearer h"])) == "h")
        let offered = Request(.get, "/ws", headers: ["Sec-WebSocket-Protocol": "waybill.v1, bearer.p.q.r"])
        #expect(BearerToken.forSocket(offered) == "p.q.r")
        #expect(BearerToken.forSocket(Request(.get, "/ws?access_token=a.b.c")) == "a.b.c")
        #expect(BearerToken.forSocket(Request(.get, "/ws?access_token=")) == nil)
        #expect(BearerToken.forSocket(Request(.get, "/ws")) == nil)
    }

    @Test func theHeaderWinsOverTheQuery() {
        let request = Request(.get, "/ws?access_token=query", headers: ["Authorization": "Bearer header"])
        #expect(BearerToken.forSocket(request) == "header")
    }

    @Test func aRESTRouteTakesNoTokenFromTheQuery() {
        #expect(BearerToken.inAuthorization(Request(.get, "/api/orders?access_token=a")) == nil)
    }
}
