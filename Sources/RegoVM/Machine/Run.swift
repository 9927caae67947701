// SPDX-License-Identifier: Apache-2.0

extension Machine {
    /// The interpreter loop. Each case does what its opcode's comment says; as there, `R` are the
    /// registers, `K` the constants, and `V` is one of either.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    func run(
        _ function: Int, _ code: UnsafeMutablePointer<Instruction>, _ R: UnsafeMutablePointer<Value>
    ) throws(EvaluationError) -> Value {
        let K = tables.constants
        var next = code

        @inline(__always) func V(_ operand: Int32) -> Value {
            operand >= 0 ? R[Int(operand)] : K[Int(~operand)]
        }

        while true {
            let i = Site(at: next)
            next += 1
            switch i.opcode {
            case .move:
                R[Int(i.a)] = V(i.b)
            case .jump:
                next = code + Int(i.target)
            case .input:
                let value = inputValue(Int(i.b))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .inputMember:
                try weigh(V(i.c))
                let value = member(Int(i.b), V(i.c))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .testInput:
                if !scope.pointee.replacesInput && !hasInput { next = code + Int(i.target) }
            case .data:
                let value =
                    scope.pointee.replacesData
                    ? replacedData(Int(i.b)) : tables.linkedData[Int(i.b)]
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .dot:
                try weigh(V(i.c))
                let value = V(i.b)[V(i.c)]
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .dotStored:
                try weigh(V(i.c))
                let value = V(i.b).stored(V(i.c))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .dotStoredReplaceable:
                try weigh(V(i.c))
                let value =
                    scope.pointee.replacesData ? V(i.b)[V(i.c)] : V(i.b).stored(V(i.c))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .test:
                if !V(i.b).isTruthy { next = code + Int(i.target) }
            case .testRule:
                try spend(1)
                if try !rule(Int(i.b)).isTruthy { next = code + Int(i.target) }
            case .testComparison:
                let comparison = Comparison(rawValue: Int(i.a)).unsafelyUnwrapped
                try weigh(V(i.b), V(i.c))
                if !comparison.holds(V(i.b), V(i.c)) { next = code + Int(i.target) }
            case .comparison:
                let comparison = Comparison(rawValue: Int(i.target)).unsafelyUnwrapped
                try weigh(V(i.b), V(i.c))
                R[Int(i.a)] = .boolean(comparison.holds(V(i.b), V(i.c)))
            case .testMember:
                try weigh(V(i.b))
                if !V(i.c).contains(V(i.b)) { next = code + Int(i.target) }
            case .jumpIfDefined:
                if V(i.b).isDefined { next = code + Int(i.target) }
            case .clear:
                R[Int(i.a)] = .undefined

            case .plus:
                let left = V(i.b)
                let right = V(i.c)
                if left.kind == .integer && right.kind == .integer {
                    let (sum, overflow) = Int64(bitPattern: left.bits)
                        .addingReportingOverflow(Int64(bitPattern: right.bits))
                    if !overflow {
                        R[Int(i.a)] = .integer(sum)
                        continue
                    }
                }
                let value = try calculate(arithmetic.plus, left, right, function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .minus:
                let left = V(i.b)
                let right = V(i.c)
                if left.kind == .integer && right.kind == .integer {
                    let (difference, overflow) = Int64(bitPattern: left.bits)
                        .subtractingReportingOverflow(Int64(bitPattern: right.bits))
                    if !overflow {
                        R[Int(i.a)] = .integer(difference)
                        continue
                    }
                }
                let value = try calculate(arithmetic.minus, left, right, function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .multiply:
                let left = V(i.b)
                let right = V(i.c)
                if left.kind == .integer && right.kind == .integer {
                    let (product, overflow) = Int64(bitPattern: left.bits)
                        .multipliedReportingOverflow(by: Int64(bitPattern: right.bits))
                    if !overflow {
                        R[Int(i.a)] = .integer(product)
                        continue
                    }
                }
                let value = try calculate(arithmetic.multiply, left, right, function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .divide:
                let value = try calculate(arithmetic.divide, V(i.b), V(i.c), function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .remainder:
                let value = try calculate(
                    arithmetic.remainder, V(i.b), V(i.c), function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }

            case .builtin:
                let value = try builtin(Int(i.b), R + Int(i.c), function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .builtinReplaceable:
                let value = try replaceable(.builtin(Int(i.b)), R + Int(i.c), function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .call:
                try spend(1)
                let value = try call(Int(i.b), R + Int(i.c))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .callRemembered:
                try spend(1)
                let value = try callRemembered(Int(i.b), R + Int(i.c))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .callReplaceable:
                try spend(1)
                let value = try replaceable(
                    .function(Int(i.b)), R + Int(i.c), function, next - code)
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .rule:
                try spend(1)
                let value = try rule(Int(i.b))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .ruleReplaceable:
                try spend(1)
                let value = try replaceableRule(Int(i.b))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .node:
                let value = try node(Int(i.b))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .nodeChild:
                let value = try nodeChild(Int(i.b), V(i.c))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .nodePath:
                let value = try nodePath(Int(i.b), V(i.c))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .nodeNames:
                let value = try nodeNames(Int(i.b))
                if value.isUndefined { next = code + Int(i.target) } else { R[Int(i.a)] = value }
            case .returnValue:
                return V(i.b)
            case .returnUndefined:
                return .undefined

            case .open:
                R[Int(i.a)] = openBuilder(i.b)
            case .setAdd:
                try weigh(V(i.b))
                CollectionBuilder(R[Int(i.a)]).insert(V(i.b))
            case .arrayAppend:
                ArrayBuilder(R[Int(i.a)]).append(V(i.b))
            case .objectPut:
                try put(R[Int(i.a)], V(i.b), V(i.c), function, next - code)
            case .objectPutPath:
                try putPath(R[Int(i.a)], R + Int(i.b), Int(i.c), i.target, function, next - code)
            case .close:
                R[Int(i.a)] = try bounded(finished(R[Int(i.a)]))
            case .makeArray:
                let elements = arena.values(Int(i.c))
                elements.update(from: R + Int(i.b), count: Int(i.c))
                R[Int(i.a)] = try bounded(.array(sharing: elements, count: Int(i.c)))
            case .makeSet:
                let builder = CollectionBuilder.set(in: arena, capacity: Int(i.c))
                for index in 0..<Int(i.c) {
                    try weigh(R[Int(i.b) + index])
                    builder.insert(R[Int(i.b) + index])
                }
                R[Int(i.a)] = try bounded(builder.finish())
            case .makeObject:
                let builder = CollectionBuilder.object(in: arena, capacity: Int(i.c))
                for index in 0..<Int(i.c) {
                    try weigh(R[Int(i.b) + index * 2])
                    // Of two values under one key the last one counts.
                    builder.update(R[Int(i.b) + index * 2], R[Int(i.b) + index * 2 + 1])
                }
                R[Int(i.a)] = try bounded(builder.finish())
            case .assignOnce:
                let value = V(i.b)
                if R[Int(i.a)].isUndefined {
                    R[Int(i.a)] = value
                } else {
                    try weigh(R[Int(i.a)], value)
                    if !R[Int(i.a)].isEqual(to: value) {
                        throw conflict(i.target, function, next - code)
                    }
                }

            case .scan:
                let collection = V(i.b)
                guard collection.isCollection, collection.count > 0 else {
                    next = code + Int(i.target)
                    continue
                }
                R[Int(i.a)] = collection
                step(0, R + Int(i.a))
            case .next:
                try spend(1)
                let index = Int(truncatingIfNeeded: R[Int(i.a) + 1].bits) &+ 1
                if index < R[Int(i.a)].count {
                    step(index, R + Int(i.a))
                    next = code + Int(i.target)
                }
            case .checkArray:
                let value = V(i.b)
                if value.kind != .array || value.count != Int(i.c) { next = code + Int(i.target) }
            case .checkObject:
                let value = V(i.b)
                if value.kind != .object || value.count != Int(i.c) { next = code + Int(i.target) }
            case .checkCollection:
                if !V(i.b).isCollection { next = code + Int(i.target) }

            case .candidates:
                R[Int(i.a)] = try candidates(Int(i.b), R)
            case .nextCandidate:
                let list = R[Int(i.a)]
                if list.length == 0 {
                    next = code + Int(i.target)
                } else {
                    next = code + Int(nextCandidate(&R[Int(i.a)]))
                }

            case .pushScope:
                try pushScope(Int(i.b), R + Int(i.c), function, next - code)
            case .popScope:
                scope = scope.pointee.outer.unsafelyUnwrapped

            case .observe:
                observe(Int(i.a), Int(i.b))
            }
        }
    }

    /// Goes to the key and value number `index` of the collection in `loop[0]`; a set's member is
    /// both.
    @inline(__always)
    private func step(_ index: Int, _ loop: UnsafeMutablePointer<Value>) {
        let base = loop[0].pointer.unsafelyUnwrapped.assumingMemoryBound(to: Value.self)
        loop[1] = .integer(index)
        switch loop[0].kind {
        case .array:
            loop[2] = .integer(index)
            loop[3] = base[index]
        case .object:
            loop[2] = base[index]
            loop[3] = base[index &+ loop[0].count]
        default:
            loop[2] = base[index]
            loop[3] = base[index]
        }
    }

    /// The position of the instruction before `pc`.
    func position(_ function: Int, _ pc: Int) -> Program.Position? {
        let positions = policy.program.functions[function].positions
        return pc >= 1 && pc <= positions.count ? positions[pc - 1] : nil
    }
}

/// An instruction where it stands, so that each case loads only the operands that it has.
private struct Site {
    let at: UnsafeMutablePointer<Instruction>

    var opcode: Opcode { at.pointee.opcode }
    var a: UInt16 { at.pointee.a }
    var b: Int32 { at.pointee.b }
    var c: Int32 { at.pointee.c }
    var target: Int32 { at.pointee.target }
}
