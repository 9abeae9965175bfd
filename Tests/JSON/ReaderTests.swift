import JSON
import Testing

struct ReaderTests {
    struct Line: Equatable {
        var productId: String?
        var quantity: Int?
        var cents: Int64?
    }

    static func line(_ reader: inout JSONReader) throws(JSONError) -> Line {
        var line = Line()
        try reader.object { (reader, key) throws(JSONError) in
            switch key {
            case "productId": line.productId = try reader.string()
            case "quantity": line.quantity = try reader.int()
            case "p": line.cents = try reader.decimal().scaled(places: 2)
            default: try reader.skip()
            }
        }
        return line
    }

    static func lines(_ text: String) throws(JSONError) -> [Line] {
        try JSONReader.read(text.utf8.span) { (reader) throws(JSONError) in
            var lines: [Line] = []
            try reader.object { (reader, key) throws(JSONError) in
                guard key == "items" else { return try reader.skip() }
                lines = try reader.list(limit: 2) { (reader) throws(JSONError) in try Self.line(&reader) }
            }
            return lines
        }
    }

    @Test func decodesAStruct() throws {
        let text =
            #"{"x":[1,{"y":"z"}],"items":[{"quantity":2,"product\u0049d":"A\n","p":12.3,"n":null},{}],"e":{}}"#
        #expect(try Self.lines(text) == [Line(productId: "A\n", quantity: 2, cents: 1230), Line()])
    }

    @Test func reportsOffsetAndPathOfAnError() throws {
        let error = #expect(throws: JSONError.self) {
            try Self.lines(#"{"items":[{},{"productId":"A","quantity":"2"}]}"#)
        }
        #expect(error?.code == .wrongKind)
        #expect(error?.expected == .number)
        #expect(error?.path == "items[1].quantity")
        #expect(error?.offset == 41)
        #expect(error?.description == "JSON wrong kind at byte 41, expected number")
    }

    @Test func enforcesListLimit() {
        let error = #expect(throws: JSONError.self) { try Self.lines(#"{"items":[{},{},{}]}"#) }
        #expect(error?.code == .tooLarge)
        #expect(error?.path == "items[2]")
    }

    @Test func staysBeforeAValueOfTheWrongKind() throws {
        let bytes = Array(#"["x", 1.5, 99999999999999999999, true, {}, 7]"#.utf8)
        try JSONReader.read(bytes.span) { (reader) throws(JSONError) in
            var index = 0
            try reader.array { (reader) throws(JSONError) in
                defer { index += 1 }
                let kind = try reader.peek()
                var code: JSONError.Code?
                do throws(JSONError) {
                    _ = try reader.int()
                } catch {
                    code = error.code
                }
                if index < 5 {
                    let next = try reader.peek()
                    #expect(next == kind)
                }
                switch index {
                case 0, 3, 4: #expect(code == .wrongKind)
                case 1: #expect(code == .notAnInteger)
                case 2: #expect(code == .outOfRange)
                default: return #expect(code == nil)
                }
                try reader.skip()
            }
        }
    }

    @Test func optionalReadsReturnNilForOtherKinds() throws {
        let text = #"["x",1,null,1.5,2]"#
        let read = try JSONReader.read(text.utf8.span) { (reader) throws(JSONError) in
            try reader.list { (reader) throws(JSONError) in try reader.intOrNil() }
        }
        #expect(read == [nil, 1, nil, nil, 2])
        let strings = try JSONReader.read(text.utf8.span) { (reader) throws(JSONError) in
            try reader.list { (reader) throws(JSONError) in try reader.stringOrNil() }
        }
        #expect(strings == ["x", nil, nil, nil, nil])
        let optionals = try JSONReader.read("[null,3]".utf8.span) { (reader) throws(JSONError) in
            try reader.list { (reader) throws(JSONError) in
                try reader.optional { (reader) throws(JSONError) in try reader.int() }
            }
        }
        #expect(optionals == [nil, 3])
    }

    @Test func readsRawValuesAndStringBytes() throws {
        try JSONReader.read(#" [ {"a" : 1} , "x\u00e9" ] "#.utf8.span) { (reader) throws(JSONError) in
            var first = true
            try reader.array { (reader) throws(JSONError) in
                if first {
                    let raw = try reader.raw()
                    #expect(raw.count == 9)
                } else {
                    let count = try reader.text().withBytes { $0.count }
                    #expect(count == 3)
                }
                first = false
            }
        }
    }

    /// Key counts around the limit of sixteen inline keys, with plain and escaped keys.
    @Test(arguments: [2, 15, 16, 17, 18, 40, 300])
    func rejectsDuplicateKeys(_ count: Int) throws {
        let keys = (0..<count).map { $0 % 7 == 3 ? "\\u006b\($0)" : "k\($0)" }
        func document(_ keys: [String]) -> [UInt8] {
            Array("{\(keys.map { "\"\($0)\":0" }.joined(separator: ","))}".utf8)
        }
        #expect(ErrorCode.thrown(skipping: document(keys)) == nil)
        for index in [0, 1, count / 2, count - 1] {
            let duplicate = document(keys + ["k\(index)"])
            #expect(ErrorCode.thrown(skipping: duplicate) == .duplicateKey)
            let allowed = ErrorCode.thrown { () throws(JSONError) in
                _ = try JSONValue(parsing: duplicate.span, limits: JSONLimits(allowsDuplicateKeys: true))
            }
            #expect(allowed == nil)
        }
    }

    @Test func comparesKeysByteByByte() throws {
        // Swift's == treats composed and decomposed é as equal, section 8.3 does not.
        let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2,\"a\":3,\"\u{212A}\":4,\"K\":5}")
        #expect(value.members?.count == 5)
        try JSONReader.read("{\"e\u{301}\":2}".utf8.span) { (reader) throws(JSONError) in
            try reader.object { (reader, key) throws(JSONError) in
                let results = [key == "\u{E9}", key == "e\u{301}", key.equals("e\u{301}"), key.equals("e")]
                #expect(results == [false, true, true, false])
                try reader.skip()
            }
        }
    }
}
