// SPDX-License-Identifier: Apache-2.0

extension Opcode {
    /// True when `target` is an address.
    public var jumps: Bool {
        switch self {
        case .jump, .input, .inputMember, .testInput, .data, .dot, .dotStored,
            .dotStoredReplaceable, .test, .testRule, .testComparison, .testMember, .jumpIfDefined,
            .plus, .minus, .multiply, .divide, .remainder, .builtin, .builtinReplaceable, .call,
            .callRemembered, .callReplaceable, .rule, .ruleReplaceable, .node, .nodeChild,
            .nodePath, .nodeNames, .scan, .next, .checkArray, .checkObject, .checkCollection,
            .nextCandidate:
            true
        case .move, .comparison, .clear, .returnValue, .returnUndefined, .open, .setAdd,
            .arrayAppend, .objectPut, .objectPutPath, .close, .makeArray, .makeSet, .makeObject,
            .assignOnce, .candidates, .pushScope, .popScope, .observe:
            false
        }
    }

    /// True when R[a] is a value where the instruction did not jump.
    public var writes: Bool {
        switch self {
        case .move, .input, .inputMember, .data, .dot, .dotStored, .dotStoredReplaceable,
            .comparison, .plus, .minus, .multiply, .divide, .remainder, .builtin,
            .builtinReplaceable, .call, .callRemembered, .callReplaceable, .rule, .ruleReplaceable,
            .node, .nodeChild, .nodePath, .nodeNames, .makeArray, .makeSet, .makeObject, .close,
            .assignOnce:
            true
        default:
            false
        }
    }
}
