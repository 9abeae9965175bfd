import EventLoop
import OrderEvents
import OrderRecords
import Orders
import Testing

@Suite struct OrderStoreTests {
    @Test(arguments: Driver.available)
    @Loop func recordingIsIdempotent(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let records = (1...3).map { Sample.record(Sample.order($0)) }
            let first = try await fixture.store.record(records)
            #expect(first == records.map { RecordedOrder(new: $0) })

            let other = Sample.record(Sample.order(2), .cancelled, message: "other")
            let again = try await fixture.store.record([records[0], other, Sample.record(Sample.order(4))])
            #expect(again.map { $0?.isNew } == [false, false, true])
            // The first record stays unchanged.
            #expect(again[1]?.status == .completed)
            #expect(again[1]?.event == records[1].outcome)
            #expect(again[1]?.owner == UserID("CUST-0001"))
            #expect(again[1]?.isPublished == false)
        }
    }

    @Test(arguments: Driver.available)
    @Loop func returnsNilForAnIDOfAnotherOrder(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            _ = try await fixture.store.record([
                Sample.record(Sample.order(1)), Sample.record(Sample.order(2)),
            ])
            let results = try await fixture.store.record([
                Sample.record(Sample.order(1, id: 7)), Sample.record(Sample.order(8, id: 2)),
                Sample.record(Sample.order(9)),
            ])
            #expect(results.map { $0?.isNew } == [nil, nil, true])
        }
    }

    @Test(arguments: Driver.available)
    @Loop func storesPublishedMarks(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let records = (1...2).map { Sample.record(Sample.order($0)) }
            let orders = try await fixture.store.record(records).compactMap(\.self)
            fixture.store.markPublished([orders[1].key])
            try await fixture.settle()
            let again = try await fixture.store.record(records)
            #expect(again.map { $0?.isPublished } == [false, true])
            let backlog = try await fixture.outbox.backlog()
            #expect(backlog.count == 1)
        }
    }

    @Test(arguments: Driver.available)
    @Loop func acceptsUnknownProductsOnlyInFailedOrders(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let unknown = Sample.order(2, products: ["AZ-104", "XX-000"])
            do throws(OrderRecordsError) {
                _ = try await fixture.store.record([Sample.record(Sample.order(1)), Sample.record(unknown)])
                Issue.record("the order with an unknown product was recorded")
            } catch {
                #expect(error.code == .unknownProduct)
            }
            let alone = try await fixture.store.record([Sample.record(Sample.order(1))])
            #expect(alone[0]?.isNew == true)
            let failed = try await fixture.store.record([Sample.record(unknown, .failed)])
            #expect(failed[0]?.status == .failed)
        }
    }

    @Test(arguments: Driver.available)
    @Loop func aReplayReopensAFailedOrderOnce(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let order = Sample.order(1)
            _ = try await fixture.store.record([Sample.record(order, .failed)])
            let redelivered = try await fixture.store.record([Sample.record(order)])[0]
            #expect(redelivered?.status == .failed)

            let replay = Sample.record(order, isReplay: true, message: "replay")
            let reopened = try await fixture.store.record([replay])[0]
            #expect(reopened?.status == .completed)
            #expect(reopened?.version == 3)
            #expect(reopened?.event == replay.outcome)
            let again = try await fixture.store.record([
                Sample.record(order, isReplay: true, message: "again")
            ]
            )[0]
            #expect(again == reopened)
            // The unpublished failure is not published after the completion.
            try await fixture.settle()
            var swept: [UnpublishedEvent] = []
            _ = try await fixture.sweep(limit: 10) { events in
                swept = events
                return events.map { _ in false }
            }
            #expect(swept == [UnpublishedEvent(EventKey(order.orderID, version: 3), replay.outcome)])
        }
    }

    @Test(arguments: Driver.available)
    @Loop func sweepsUnpublishedEventsAndMarksThePublishedOnes(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let records = (1...3).map { Sample.record(Sample.order($0)) }
            _ = try await fixture.store.record(records)
            let sweep = try await fixture.sweep(limit: 2) { events in
                #expect(events.map(\.event) == records.prefix(2).map(\.outcome))
                return [false, true]
            }
            #expect(sweep == Sweep(found: 2, published: 1))
            let backlog = try await fixture.outbox.backlog()
            #expect(backlog.count == 2)
        }
    }

    @Test(arguments: Driver.available)
    @Loop func oneCustomerHasOneOrderForAKey(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let first = Sample.record(Sample.order(1, key: "k"))
            let same = Sample.record(Sample.order(2, key: "k"))
            let other = Sample.record(Sample.order(3, of: "CUST-0002", key: "k"))
            let keyless = (4...5).map { Sample.record(Sample.order($0)) }
            let results = try await fixture.store.record([first, same, other] + keyless)
            #expect(results.map { $0?.isNew } == [true, false, true, true, true])
            for _ in 0..<2 {
                let again = try await fixture.store.record([same])[0]
                #expect(again?.isAliased == true && again?.orderID == first.contents.orderID)
                #expect(again?.correlationID == first.contents.correlationID && again?.status == .completed)
            }
        }
    }

    /// Both were accepted, since Redis had forgotten the key: neither is dropped.
    @Test(arguments: Driver.available)
    @Loop func anotherOrderUnderOneKeyIsRecordedToo(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let first = Sample.record(Sample.order(1, products: ["AZ-900", "AZ-104"], key: "k"))
            let same = Sample.record(Sample.order(2, products: ["AZ-900", "AZ-104"], key: "k"))
            let other = Sample.record(Sample.order(3, products: ["AZ-104"], key: "k"))
            let results = try await fixture.store.record([first, same, other])
            #expect(results.map { $0?.isNew } == [true, false, true])
            #expect(results.map { $0?.isAliased } == [false, true, false])
            let again = try await fixture.store.record([other])[0]
            #expect(again?.isNew == false && again?.isAliased == false)
            #expect(again?.orderID == other.contents.orderID)
        }
    }

    @Test(arguments: Driver.available)
    @Loop func returnsCurrenciesByProduct(_ driver: Driver) async throws {
        try await with(driver) { fixture in
            let currencies = try await fixture.store.currencies()
            #expect(currencies["AZ-104"] == .euro)
            #expect(currencies["XX-000"] == nil)
        }
    }
}
