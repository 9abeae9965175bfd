import Testing

@Suite struct DependencyTests {
    @Test func modulesImportOnlyWhatTheirRuleAllows() {
        for rule in ModuleRule.all {
            for file in SourceTree.files(in: rule.folder) {
                let violations = file.imports.subtracting(rule.imports).subtracting([rule.module])
                #expect(
                    violations.isEmpty, "\(file.path) imports \(violations.sorted().joined(separator: ", "))")
            }
        }
    }

    @Test func everyFolderIsAModuleWithARule() throws {
        let libraries = try SourceTree.folders(in: "libs").subtracting(["CSystem"])
        #expect(
            libraries
                == Set(
                    ModuleRule.all.map(\.folder).filter { $0.hasPrefix("libs/") }.map {
                        String($0.dropFirst(5))
                    }))
        #expect(try SourceTree.folders(in: "libs/CSystem") == Set(ModuleRule.wrappers.keys))
        let services = try SourceTree.folders(in: "services").subtracting(["storefront"])
        #expect(
            services
                == Set(
                    ModuleRule.all.map(\.folder).filter { $0.hasPrefix("services/") }.map {
                        String($0.dropFirst(9))
                    }))
        for rule in ModuleRule.all {
            #expect(!SourceTree.files(in: rule.folder).isEmpty, "\(rule.folder) is empty")
        }
    }

    /// The table of rules itself keeps C libraries, services and the domain apart.
    @Test func rulesKeepLayersApart() {
        for rule in ModuleRule.all {
            let imports = rule.imports
            if rule.folder.hasPrefix("services/") {
                #expect(
                    !imports.contains { ModuleRule.wrappers[$0] != nil }, "\(rule.module) imports a C module")
                let services = ModuleRule.all.filter { $0.folder.hasPrefix("services/") }.map(\.module)
                #expect(imports.isDisjoint(with: services), "\(rule.module) imports another service")
            }
            if ModuleRule.wrappers.values.contains(where: { $0.contains(rule.module) }) {
                #expect(!imports.contains { $0.hasPrefix("Order") }, "\(rule.module) knows of orders")
            }
            for module in imports where ModuleRule.wrappers[module] != nil {
                #expect(
                    ModuleRule.wrappers[module]?.contains(rule.module) == true,
                    "\(rule.module) wraps \(module)")
            }
            #expect(!imports.contains("FoundationEssentials"))
            #expect(!imports.contains("Foundation") || rule.module == "Waybill")
        }
        #expect(ModuleRule.all.first { $0.module == "Orders" }?.imports == ["Bytes"])
    }

    /// Each module is listed after all that it imports, so there is no cycle.
    @Test func importsFormNoCycle() {
        var below: Set<String> = []
        for rule in ModuleRule.all {
            let own = rule.imports.filter { ModuleRule.isOwn($0) }
            #expect(below.isSuperset(of: own), "\(rule.module) imports a module listed after it")
            below.insert(rule.module)
        }
    }

    @Test func testsImportNoCLibrary() {
        for file in SourceTree.files(in: "Tests") {
            #expect(
                file.imports.isDisjoint(with: ModuleRule.wrappers.keys), "\(file.path) imports a C module")
            #expect(!file.imports.contains("XCTest"), "\(file.path) uses XCTest")
        }
    }

    @Test func parsesEveryFormOfImport() {
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
