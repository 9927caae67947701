// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing
import Yams

@testable import portcullis

/// `docs/portcullis.yaml` is what people read to find a setting.
@Suite struct ConfigurationReferenceTests {
    private let text: String

    init() throws {
        text = try String(
            contentsOfFile: SharedFolder.projectRoot + "/docs/portcullis.yaml", encoding: .utf8)
    }

    /// With the settings that have no default.
    private var whole: String {
        text.replacing(/(?m)^( *)#(?=[^ \n])/) { "\($0.output.1)" }
    }

    @Test func itSaysTheDefaults() throws {
        let said = try Configuration(yaml: text, file: "portcullis.yaml")
        #expect("\(said)" == "\(try Configuration(yaml: "", file: "defaults"))")
    }

    @Test func itNamesEachSetting() throws {
        let root = Section(try Yams.compose(yaml: whole), file: "portcullis.yaml")
        _ = Configuration(root)
        #expect(root.finish().map(\.description) == [])
        var asked: Set<String> = []
        var named: Set<String> = []
        note(root, &asked, &named)
        #expect(asked.count > 100)
        #expect(asked.subtracting(named).sorted() == [])
    }

    /// Settings with the sections that they are in, without places in lists.
    private func note(_ section: Section, _ asked: inout Set<String>, _ named: inout Set<String>) {
        for name in section.asked {
            let setting = (section.path + "." + name).replacing(/\[\d+\]/, with: "")
            asked.insert(setting)
            if section.has(name) { named.insert(setting) }
        }
        for below in section.sections { note(below, &asked, &named) }
    }
}
