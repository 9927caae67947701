// SPDX-License-Identifier: Apache-2.0

// Bytes of a hostile peer against one TLS session of the server. The first byte cuts the rest into
// pieces, and says where they go: raw, as records of a handshake, or in place of bytes of a real
// client, up to after the handshake. Compiled together with the sources of TLS and its test client
// (Scripts/fuzz), so it names no module.

private let authority = TestAuthority()
private let gateway = authority.issue(.uri("spiffe://acme.example/gateway"))
// Made once; they hold nothing of any input.
private let credentials = {
    let own = authority.issue(.server)
    let texts = CredentialTexts(
        certificate: own.certificate, key: own.key, clientAuthorities: authority.certificate,
        clients: ClientPattern("spiffe://acme.example/*").map { [$0] })
    do {
        return try ServerCredentials(texts)
    } catch {
        fatalError("the fuzzer's own certificate: \(error)")
    }
}()

/// What the input is taken for.
private enum Shape: UInt8 {
    case raw, records, damage, afterHandshake
}

private struct Target {
    let session: TLSSession
    let plaintext: UnsafeMutableRawBufferPointer
    let output: UnsafeMutableRawBufferPointer

    init?() {
        guard let session = TLSSession.open(credentials) else { return nil }
        self.session = session
        plaintext = .allocate(byteCount: Limits.plaintext(input: 1 << 16), alignment: 16)
        output = .allocate(byteCount: 1 << 16, alignment: 16)
    }

    /// - Returns: how many bytes the session says.
    @discardableResult
    func receive(_ bytes: [UInt8]) -> Int {
        // A copy of its own, so that a pointer kept into it is found out.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        return session.receive(
            UnsafeRawBufferPointer(copy), plaintext: plaintext, output: output
        ).output
    }

    /// What the session says.
    func answer(_ bytes: [UInt8]) -> [UInt8] {
        let count = receive(bytes)
        return (0..<count).map { output[$0] }
    }

    func destroy() {
        _ = session.end(output: output)
        session.close()
        plaintext.deallocate()
        output.deallocate()
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTLSSession(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let start, count > 1, let target = Target() else { return 0 }
    defer { target.destroy() }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let size = max(1, Int(start[0] >> 2) * 8)
    switch Shape(rawValue: start[0] & 3) ?? .raw {
    case .raw: feed(bytes, size, target)
    case .records:
        for piece in pieces(bytes, size) {
            let length = [UInt8(piece.count >> 8), UInt8(piece.count & 0xFF)]
            target.receive([0x16, 3, 3] + length + piece)
        }
    case .damage: damage(bytes, target)
    case .afterHandshake:
        let client = TestClient(TestClient.Options(gateway))
        for _ in 0..<4 { client.input(target.answer(client.output())) }
        guard target.session.isOpen else { fatalError("an honest client is refused") }
        feed(bytes, size, target)
    }
    // Whatever nobody asked for in a handshake is not read.
    if target.session.failure != nil, target.session.status != .failed {
        fatalError("a failed handshake goes on")
    }
    return 0
}

private func pieces(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: size).map {
        Array(bytes[$0..<min($0 + size, bytes.count)])
    }
}

private func feed(_ bytes: [UInt8], _ size: Int, _ target: Target) {
    for piece in pieces(bytes, size) { target.receive(piece) }
}

/// An honest handshake in which each pair of input bytes changes one byte that the client sends.
private func damage(_ bytes: [UInt8], _ target: Target) {
    let client = TestClient(TestClient.Options(gateway))
    client.send([1, 2, 3])
    for turn in 0..<4 {
        var sent = client.output()
        for index in stride(from: turn, to: bytes.count - 2, by: 12) where !sent.isEmpty {
            let place = Int(bytes[index]) << 8 | Int(bytes[index + 1])
            sent[place % sent.count] ^= bytes[index + 2]
        }
        client.input(target.answer(sent))
    }
}
