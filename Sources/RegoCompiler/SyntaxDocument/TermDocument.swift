// SPDX-License-Identifier: Apache-2.0
import RegoVM

extension SyntaxDocument {
    /// `{"type": ..., "value": ...}`
    func term(_ term: Term) throws(Inexpressible) -> Value {
        switch term.kind {
        case .null: node("null", .emptyObject)
        case .boolean(let value): node("boolean", .boolean(value))
        case .number(let text): node("number", number(text))
        case .string(let text): node("string", arena.string(text))
        case .variable(let name), .local(_, let name): variable(name)
        case .ref(let head, let operands): node("ref", try list([head] + operands, self.term))
        case .array(let members): node("array", try list(members, self.term))
        case .set(let members): node("set", try list(members, self.term))
        case .object(let entries):
            node(
                "object",
                try list(entries) { entry throws(Inexpressible) in
                    arena.array([try self.term(entry.key), try self.term(entry.value)])
                })
        case .arrayComprehension(let head, let body):
            node("arraycomprehension", try comprehension(head, body))
        case .setComprehension(let head, let body):
            node("setcomprehension", try comprehension(head, body))
        case .objectComprehension(let key, let value, let body):
            node(
                "objectcomprehension",
                object([
                    ("key", try self.term(key)), ("value", try self.term(value)),
                    ("body", try self.body(body)),
                ]))
        case .call(let name, _, let operands): node("call", try call(name, operands))
        case .template(let parts):
            node("templatestring", object([("parts", try list(parts, self.term))]))
        }
    }

    private func comprehension(_ head: Term, _ body: Body) throws(Inexpressible) -> Value {
        object([("term", try term(head)), ("body", try self.body(body))])
    }

    /// The function's name as a ref, then its operands.
    func call(_ name: [String], _ operands: [Term]) throws(Inexpressible) -> Value {
        let steps = name.dropFirst().map { node("string", arena.string($0)) }
        let function = node("ref", arena.array([variable(name.first ?? "")] + steps))
        var terms = [function]
        for operand in operands { terms.append(try term(operand)) }
        return arena.array(terms)
    }

    func variable(_ name: String) -> Value { node("var", arena.string(name)) }

    private func number(_ text: String) -> Value {
        var text = text
        return text.withUTF8 { arena.number($0) }
    }

    // MARK: Values

    func node(_ type: StaticString, _ value: Value) -> Value {
        object([("type", .string(type)), ("value", value)])
    }

    func object(_ fields: [(StaticString, Value)]) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: fields.count)
        for (name, value) in fields { builder.insert(.string(name), value) }
        return builder.finish()
    }

    func list<Element>(
        _ elements: [Element], _ value: (Element) throws(Inexpressible) -> Value
    ) throws(Inexpressible) -> Value {
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements { values.append(try value(element)) }
        return arena.array(values)
    }
}
