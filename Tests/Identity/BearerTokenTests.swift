import HTTP
import Identity
import Testing

@Suite struct BearerTokenTests {
    private func authorization(_ value: String) -> String? {
        BearerToken.inAuthorization(HTTPRequest(.get, "/", headers: ["Authorization": value]))
    }

    @Test(arguments: ["Bearer abc", "bearer abc", "BEARER   abc"])
    func schemeIsCaseInsensitive(value: String) {
        #expect(authorization(value) == "abc")
    }

    @Test(arguments: ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"])
    func returnsNilForOtherHeaders(value: String) {
        #expect(authorization(value) == nil)
    }

    @Test func returnsNilForDuplicateHeaders() {
        let request = HTTPRequest(
            .get, "/", headers: ["Authorization": "Bearer a", "authorization": "Bearer b"])
        #expect(BearerToken.inAuthorization(request) == nil)
    }

    @Test func socketsReadHeaderSubprotocolAndQuery() {
        #expect(
            BearerToken.forSocket(HTTPRequest(.get, "/ws", headers: ["Authorization": "Bearer h"])) == "h")
        let offered = HTTPRequest(
            .get, "/ws", headers: ["Sec-WebSocket-Protocol": "waybill.v1, bearer.p.q.r"])
        #expect(BearerToken.forSocket(offered) == "p.q.r")
        #expect(BearerToken.forSocket(HTTPRequest(.get, "/ws?access_token=a.b.c")) == "a.b.c")
        #expect(BearerToken.forSocket(HTTPRequest(.get, "/ws?access_token=")) == nil)
        #expect(BearerToken.forSocket(HTTPRequest(.get, "/ws")) == nil)
    }

    @Test func headerTakesPrecedenceOverQuery() {
        let request = HTTPRequest(.get, "/ws?access_token=query", headers: ["Authorization": "Bearer header"])
        #expect(BearerToken.forSocket(request) == "header")
    }

    @Test func restRoutesIgnoreTheQuery() {
        #expect(BearerToken.inAuthorization(HTTPRequest(.get, "/api/orders?access_token=a")) == nil)
    }
}
