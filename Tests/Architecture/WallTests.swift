import Testing

@Suite struct WallTests {
    @Test func noRoomImportsWhatItMayNot() {
        for room in Room.all {
            for file in SourceTree.files(in: room.folder) {
                let strangers = file.imports.subtracting(room.imports).subtracting([room.module])
                #expect(
                    strangers.isEmpty, "\(file.path) imports \(strangers.sorted().joined(separator: ", "))")
            }
        }
    }

    @Test func everyRoomIsThereAndNoOther() throws {
        let libraries = try SourceTree.folders(in: "libs").subtracting(["CSystem"])
        #expect(
            libraries
                == Set(
                    Room.all.map(\.folder).filter { $0.hasPrefix("libs/") }.map { String($0.dropFirst(5)) }))
        #expect(try SourceTree.folders(in: "libs/CSystem") == Set(Room.wrappers.keys))
        let services = try SourceTree.folders(in: "services").subtracting(["storefront"])
        #expect(
            services
                == Set(
                    Room.all.map(\.folder).filter { $0.hasPrefix("services/") }.map {
                        String($0.dropFirst(9))
                    }))
        for room in Room.all {
            #expect(!SourceTree.files(in: room.folder).isEmpty, "\(room.folder) is empty")
        }
    }

    /// The table itself keeps the rules, whoever edits it.
    @Test func theTableKeepsTheRules() {
        for room in Room.all {
            let imports = room.imports
            if room.folder.hasPrefix("services/") {
                #expect(!imports.contains { Room.wrappers[$0] != nil }, "\(room.module) imports a C module")
                let services = Room.all.filter { $0.folder.hasPrefix("services/") }.map(\.module)
                #expect(imports.isDisjoint(with: services), "\(room.module) imports another service")
            }
            if Room.wrappers.values.contains(where: { $0.contains(room.module) }) {
                #expect(!imports.contains { $0.hasPrefix("Order") }, "\(room.module) knows of orders")
            }
            for module in imports where Room.wrappers[module] != nil {
                #expect(
                    Room.wrappers[module]?.contains(room.module) == true, "\(room.module) wraps \(module)")
            }
            #expect(!imports.contains("FoundationEssentials"))
            #expect(!imports.contains("Foundation") || room.module == "Waybill")
        }
        #expect(Room.all.first { $0.module == "Orders" }?.imports == [])
    }

    /// Each of our modules comes after all that it imports, so there is no circle.
    @Test func importsPointDownwards() {
        var below: Set<String> = []
        for room in Room.all {
            let ours = room.imports.filter { Room.isOurs($0) }
            #expect(below.isSuperset(of: ours), "\(room.module) imports what stands beside or above it")
            below.insert(room.module)
        }
    }

    @Test func testsReachNoCLibraryAndNoOtherServicesTests() {
        for file in SourceTree.files(in: "Tests") {
            #expect(file.imports.isDisjoint(with: Room.wrappers.keys), "\(file.path) imports a C module")
            #expect(!file.imports.contains("XCTest"), "\(file.path) uses XCTest")
        }
    }

    @Test func readsImportLinesOfEveryForm() {
        let source = """
            import A
            @testable import B // import X
            @preconcurrency package import C
            internal import struct D.Inner
            /* import X */ let text = "import X"
            func important() {}
            #if os(Linux)
                private import E;
            #endif
            let raw = #"\\" import X"#
            let more = \"""
                import X \\("import X")
                \"""
            """
        let file = SourceFile(path: "x.swift", source: Array(source.utf8))
        #expect(file.imports == ["A", "B", "C", "D", "E"])
    }
}
