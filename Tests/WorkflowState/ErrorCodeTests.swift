import Testing

@testable import Redis
@testable import WorkflowState

/// Which errors of Redis make all messages wait, and which may be due to one.
@Suite struct ErrorCodeTests {
    @Test(
        arguments: [
            ("NOPERM no", .unavailable), ("NOAUTH no", .unavailable), ("OOM no", .unavailable),
            ("READONLY no", .unavailable), ("BUSY no", .unavailable),
            ("ERR unknown command 'XADD'", .unavailable),
            ("ERR The user executing the script can't run this command", .unavailable),
            ("WRONGTYPE no", .unusable),
        ] as [(String, WorkflowStateError.Code)])
    func aReplyHasACode(text: String, code: WorkflowStateError.Code) {
        #expect(WorkflowStateError(RedisError(serverText: text)).code == code)
    }

    @Test func aReplyOfAnotherShapeIsUnusable() {
        #expect(WorkflowStateError.unexpectedReply.code == .unusable)
    }
}
