// SPDX-License-Identifier: Apache-2.0

/// A rule index in the flat form that the machine searches.
final class LinkedIndex {
    let tree: RuleIndex.Tree
    let entries: [Int32]

    init(_ index: RuleIndex) {
        tree = index.root
        entries = index.entries
    }
}

extension Machine {
    /// A list of clause addresses: `bits` points to them, `length` counts what is left.
    func candidates(_ index: Int, _ frame: UnsafePointer<Value>) -> Value {
        let linked = policy.indices[index]
        let list = arena.allocate(Int32.self, count: linked.entries.count)
        var found = 0
        collect(linked.tree, frame, list, &found)
        sortClauses(list, found)
        for position in 0..<found { list[position] = linked.entries[Int(list[position])] }
        return Value(kind: .builder, pointer: UnsafeRawPointer(list), length: found)
    }

    func nextCandidate(_ list: inout Value) -> Int32 {
        let base = list.pointer.unsafelyUnwrapped.assumingMemoryBound(to: Int32.self)
        list = Value(kind: .builder, pointer: UnsafeRawPointer(base + 1), length: list.count - 1)
        return base.pointee
    }

    private func collect(
        _ tree: RuleIndex.Tree, _ frame: UnsafePointer<Value>, _ list: UnsafeMutablePointer<Int32>,
        _ found: inout Int
    ) {
        switch tree {
        case .clauses(let clauses):
            for clause in clauses {
                list[found] = clause
                found += 1
            }
        case .equality(let subject, let children, let others):
            let value = subjectValue(subject, frame)
            if value.isDefined, let child = children[value] { collect(child, frame, list, &found) }
            collect(others, frame, list, &found)
        case .prefix(let subject, let groups, let others):
            let value = subjectValue(subject, frame)
            if value.isString {
                for group in groups {
                    if group.length > value.count { break }
                    let prefix = Value.string(value.bytes.baseAddress, group.length)
                    if let child = group.children[prefix] { collect(child, frame, list, &found) }
                }
            }
            collect(others, frame, list, &found)
        }
    }

    private func subjectValue(_ subject: RuleIndex.Subject, _ frame: UnsafePointer<Value>) -> Value {
        switch subject {
        case .input(let path): inputValue(path)
        case .data(let path): scope.pointee.replacesData ? replacedData(path) : policy.linkedData[path]
        case .argument(let parameter): frame[parameter]
        }
    }

    /// Few candidates are the rule, so insertion sort serves.
    private func sortClauses(_ list: UnsafeMutablePointer<Int32>, _ count: Int) {
        var index = 1
        while index < count {
            let moving = list[index]
            var hole = index
            while hole > 0, list[hole - 1] > moving {
                list[hole] = list[hole - 1]
                hole -= 1
            }
            list[hole] = moving
            index += 1
        }
    }
}
