// SPDX-License-Identifier: Apache-2.0

/// `net.cidr_merge`: the fewest networks that cover the same addresses.
enum NetworkMerge {
    private struct Block {
        var first: UInt128
        var last: UInt128
        /// The text of a network that was not merged with another.
        var text: String?
    }

    static func merge(_ operand: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        guard operand.kind == .array || operand.kind == .set else {
            throw .failed("operand must be an array")
        }
        var blocks: [Block] = []
        for element in operand.elements { blocks.append(try block(element)) }
        blocks.sort { ($0.last, $0.first) < ($1.last, $1.first) }
        let result = CollectionBuilder.set(in: evaluation.arena)
        for block in joined(blocks) {
            if let text = block.text {
                result.insert(evaluation.string(text))
            } else {
                for text in networks(from: block.first, through: block.last) {
                    result.insert(evaluation.string(text))
                }
            }
        }
        return result.finish()
    }

    private static func block(_ element: Value) throws(BuiltinError) -> Block {
        guard element.isString else { throw .failed("element must be string") }
        guard let address = IPAddress(element.bytes) else {
            let network = try IPNetwork(element.bytes)
            return block(network, name: IPAddress(bits: network.first, isVersion4: false))
        }
        guard address.isMapped else { throw .failed("IPv6 invalid: needs prefix length") }
        // A plain IPv4 address stands for its class A, B or C network, as in Go.
        let octet = UInt8(truncatingIfNeeded: address.bits >> 24)
        let prefix = octet < 0x80 ? 8 : octet < 0xC0 ? 16 : 24
        return block(IPNetwork(address, prefix: prefix + 96), name: address)
    }

    private static func block(_ network: IPNetwork, name: IPAddress) -> Block {
        let length = name.isMapped && network.prefix >= 96 ? network.prefix - 96 : network.prefix
        return Block(first: network.first, last: network.last, text: "\(name.text)/\(length)")
    }

    /// Joins blocks that touch or overlap; they arrive sorted by their last address.
    private static func joined(_ blocks: [Block]) -> [Block] {
        var result: [Block] = []
        for block in blocks {
            var current = block
            while let previous = result.last,
                current.first == 0 || current.first - 1 <= previous.last
            {
                current = Block(
                    first: min(previous.first, current.first), last: current.last, text: nil)
                result.removeLast()
            }
            result.append(current)
        }
        return result
    }

    private static func networks(from first: UInt128, through last: UInt128) -> [String] {
        var result: [String] = []
        var start = first
        while true {
            var size = min(start.trailingZeroBitCount, 128)
            while size > 0, size == 128 ? last != .max : last - start < (1 << UInt128(size)) - 1 {
                size -= 1
            }
            let address = IPAddress(bits: start, isVersion4: false)
            result.append("\(address.text)/\((address.isMapped && size <= 32 ? 32 : 128) - size)")
            let span: UInt128 = size == 128 ? .max : (1 << UInt128(size)) - 1
            guard last - start > span else { return result }
            start += span + 1
        }
    }
}
