import JSON
import Testing

struct WriterTests {
    static func text(_ body: (inout JSONWriter) -> Void) -> String {
        String(decoding: JSONWriter.encode(body), as: UTF8.self)
    }

    @Test func writesDocuments() {
        let text = Self.text { writer in
            writer.object { writer in
                writer.field("a", "x")
                writer.field("n", -12)
                writer.field("big", Int64.max)
                writer.field("t", true)
                writer.field("none", nil as String?)
                writer.key("list")
                writer.array { writer in
                    writer.int(1)
                    writer.null()
                    writer.object { _ in }
                    writer.array { _ in }
                    writer.bool(false)
                    writer.raw(Array("{\"r\":1}".utf8))
                    writer.raw("[2]".utf8.span)
                }
                writer.key("price")
                writer.hundredths(1230)
                writer.key(named: "k\"")
                writer.double(0.5)
            }
        }
        #expect(
            text == #"{"a":"x","n":-12,"big":9223372036854775807,"t":true,"none":null,"#
                + #""list":[1,null,{},[],false,{"r":1},[2]],"price":12.30,"k\"":0.5}"#)
    }

    @Test(
        arguments: [
            (0, "0.00"), (1, "0.01"), (-1, "-0.01"), (99, "0.99"), (100, "1.00"), (-123456, "-1234.56"),
            (.max, "92233720368547758.07"), (.min, "-92233720368547758.08"),
        ] as [(Int64, String)])
    func writesHundredths(_ value: Int64, _ text: String) {
        #expect(Self.text { $0.hundredths(value) } == text)
    }

    @Test(arguments: [0, 9, 10, -1, Int.max, Int.min])
    func writesIntegers(_ value: Int) { #expect(Self.text { $0.int(value) } == "\(value)") }

    /// Readers of lines, such as those of event streams and logs, would break a document there.
    @Test(arguments: ["\u{85}", "\u{2028}", "\u{2029}"]) func escapesLineSeparators(separator: String) throws
    {
        for padding in 0..<20 {
            let text = String(repeating: "x", count: padding) + separator + "\u{E9}\u{1F600}"
            let json = JSONWriter.encode { $0.string(text) }
            #expect(
                !String(decoding: json, as: UTF8.self).unicodeScalars.contains(
                    separator.unicodeScalars.first!))
            #expect(try JSONValue(parsing: json.span).string?.utf8.elementsEqual(text.utf8) == true)
        }
    }

    @Test func escapesEveryASCIIByteAtEveryPosition() throws {
        for code in UInt8.min...0x7F {
            for position in 0..<10 {
                var units = [UInt8](repeating: UInt8(ascii: "a"), count: 10)
                units[position] = code
                let original = String(decoding: units, as: UTF8.self)
                let encoded = Self.text { $0.string(original) }
                #expect(try JSONValue(parsing: encoded).string == original)
            }
        }
        #expect(
            Self.text { $0.string("\u{1}\u{1F}\n\r\t\"\\/\u{7F}é😀") } == #""\u0001\u001f\n\r\t\"\\/"#
                + "\u{7F}é😀\"")
    }

    @Test func appendsToAnExistingBuffer() {
        var output = Array("data: ".utf8)
        JSONWriter.append(to: &output) { $0.array { $0.string("x") } }
        JSONWriter.append(to: &output) { $0.int(1) }
        #expect(output == Array(#"data: ["x"]1"#.utf8))
    }

    @Test func valuesSupportLiteralsAndSubscripts() throws {
        let value: JSONValue = ["a": [1, "two", true, nil], "b": ["c": 3]]
        #expect(value.text == #"{"a":[1,"two",true,null],"b":{"c":3}}"#)
        #expect(value["a"]?[1]?.string == "two")
        #expect(value["a"]?[0]?.int == 1)
        #expect(value["a"]?[2]?.bool == true)
        #expect(value["a"]?[3]?.isNull == true)
        #expect(value["a"]?[4] == nil)
        #expect(value["b"]?["c"]?.double == 3)
        #expect(value["x"] == nil)
        #expect(try JSONValue(parsing: value.text) == value)
    }
}
