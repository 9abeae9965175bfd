import EventLoop
import HTTP
import JSON
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

@Loop @Suite struct NativeSessionTests {
    @Test func aSessionIsWelcomedAndTold() async throws {
        let replica = try Replica()
        let (_, tab) = replica.open("ada")
        try await eventually("the welcome") { !tab.messages("welcome").isEmpty }
        let welcome = try #require(tab.messages("welcome").first)
        #expect(welcome["replica"] == "replica-1" && welcome["userId"] == "ada")
        let offsets = try await replica.mailboxes.deliver([Delivery(to: UserID("ada")!, update(7))])
        #expect(tab.offsets == offsets.compactMap { $0.map(Int.init) })
        let told = try #require(tab.messages("order.status").first)
        #expect(told["orderId"] == 7 && told["status"] == "COMPLETED")
        #expect(told["id"]!.int! > welcome["lastEventId"]!.int!)
    }
}
