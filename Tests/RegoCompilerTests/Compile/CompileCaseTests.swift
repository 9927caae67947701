// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct CompileCaseTests {
    @Test func allCases() throws {
        let cases = try CompileCase.all()
        #expect(cases.count > 10)
        for item in cases {
            let got = item.diagnostics()
            if item.exhaustive ?? false {
                #expect(got == item.wantErrors, "\(item.note)")
            } else {
                for wanted in item.wantErrors { #expect(got.contains(wanted), "\(item.note)") }
            }
        }
    }
}
