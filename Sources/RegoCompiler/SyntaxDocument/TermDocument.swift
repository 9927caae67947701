// SPDX-License-Identifier: Apache-2.0
import RegoVM

extension SyntaxDocument {
    /// `{"type": ..., "value": ...}`
    func term(_ term: Term) -> Value {
        switch term.kind {
        case .null: node("null", .emptyObject)
        case .boolean(let value): node("boolean", .boolean(value))
        case .number(let text): node("number", number(text))
        case .string(let text): node("string", arena.string(text))
        case .variable(let name) where name == "input" || name == "data":
            node("ref", arena.array([variable(name)]))
        case .variable(let name), .local(_, let name): variable(name)
        case .ref(let head, let operands): node("ref", reference(head, operands))
        case .array(let members): node("array", list(members, self.term))
        case .set(let members): node("set", list(members, self.term))
        case .object(let entries):
            node(
                "object",
                list(entries) { entry in
                    self.arena.array([self.term(entry.key), self.term(entry.value)])
                })
        case .arrayComprehension(let head, let body):
            node("arraycomprehension", comprehension(head, body))
        case .setComprehension(let head, let body):
            node("setcomprehension", comprehension(head, body))
        case .objectComprehension(let key, let value, let body):
            node(
                "objectcomprehension",
                object([
                    ("key", self.term(key)), ("value", self.term(value)),
                    ("body", self.body(body)),
                ]))
        case .call(let name, _, let operands): node("call", call(name, operands))
        case .template(let parts):
            node(
                "templatestring",
                object([
                    ("parts", parts.isEmpty ? .null : list(parts, part)),
                    ("multi_line", .boolean(isRaw(term))),
                ]))
        }
    }

    /// The root of a ref stays a variable, whatever its name.
    func reference(_ head: Term, _ operands: [Term]) -> Value {
        guard case .variable(let name) = head.kind else { return list([head] + operands, term) }
        return arena.array([variable(name)] + operands.map(term))
    }

    /// A template's text and constants as terms, whatever else it interpolates as an expression.
    private func part(_ part: Term) -> Value {
        switch part.kind {
        case .null, .boolean, .number, .string: return term(part)
        default: break
        }
        if let expression = modified(part) { return self.expression(expression, 0) }
        return expression(Expression(location: part.location, kind: .term(part)), 0)
    }

    /// The expression that the parser made an element of an array for its `with`.
    private func modified(_ part: Term) -> Expression? {
        guard case .ref(let array, let operands) = part.kind, let index = operands.first,
            case .arrayComprehension(let head, let body) = array.kind, let inner = body.first,
            head.location.start == index.location.start, !inner.modifiers.isEmpty,
            case .term(let assignment) = inner.kind,
            case .call(_, _, let sides) = assignment.kind, let value = sides.last
        else { return nil }
        let expression = Expression(location: inner.location, kind: .term(value))
        expression.modifiers = inner.modifiers
        return expression
    }

    private func comprehension(_ head: Term, _ body: Body) -> Value {
        object([("term", term(head)), ("body", self.body(body))])
    }

    /// The function's name as a ref, then its operands.
    func call(_ name: [String], _ operands: [Term]) -> Value {
        let steps = name.dropFirst().map { node("string", arena.string($0)) }
        let function = node("ref", arena.array([variable(name.first ?? "")] + steps))
        var terms = [function]
        for operand in operands { terms.append(term(operand)) }
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
        _ elements: [Element], _ value: (Element) -> Value
    ) -> Value {
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements { values.append(value(element)) }
        return arena.array(values)
    }
}
