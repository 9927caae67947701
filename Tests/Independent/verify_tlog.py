#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second verifier of C2SP tlog-tiles logs, which shares no code with the first.

    verify_tlog.py FOLDER VKEY [SAVED_CHECKPOINT ...]

Exit code 0 when the log is good, 1 with one line that says why not. Needs `cryptography`.
The whole tree is hashed by RFC 6962's recursive definition, from the entries alone; tiles are then
compared with what the entries give.
"""

import base64
import hashlib
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):
    return sha256(b"\x00" + entry)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def merkle_root(hashes):
    """MTH over hashes that are already those of leaves or of perfect subtrees."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(merkle_root(hashes[:split]), merkle_root(hashes[split:]))


def parse_vkey(text):
    name, key_id, encoded = text.split("+", 2)
    blob = base64.b64decode(encoded, validate=True)
    if blob[0] != 1 or len(blob) != 33:
        raise Refused("vkey: not an Ed25519 key")
    if sha256(name.encode() + b"\n" + blob)[:4].hex() != key_id:
        raise Refused("vkey: its id is not that of its key")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(blob[1:])


def parse_checkpoint(note, vkey, where):
    name, key_id, key = vkey
    text, separator, signatures = note.rpartition(b"\n\n")
    if not separator or not note.endswith(b"\n"):
        raise Refused(f"{where}: not a signed note")
    text += b"\n"
    good = 0
    for line in signatures.decode().splitlines():
        dash, signer, encoded = line.split(" ")
        blob = base64.b64decode(encoded, validate=True)
        if dash != "\u2014":
            raise Refused(f"{where}: bad signature line")
        if signer == name and blob[:4] == key_id:
            try:
                key.verify(blob[4:], text)
            except InvalidSignature as error:
                raise Refused(f"{where}: bad signature") from error
            good += 1
    if not good:
        raise Refused(f"{where}: not signed by this key")
    lines = text.decode().split("\n")
    if lines[0] != name:
        raise Refused(f"{where}: origin is {lines[0]!r}")
    if str(int(lines[1])) != lines[1]:
        raise Refused(f"{where}: bad size")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        raise Refused(f"{where}: bad root")
    return int(lines[1]), root


def tile_path(level, index, width):
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    suffix = "" if width == 256 else f".p/{width}"
    return f"tile/{level}/" + "/".join(groups) + suffix


def read(folder, path):
    try:
        return (folder / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Refused(f"{path}: missing") from error


def parse_bundle(data, path, width):
    entries, offset = [], 0
    for _ in range(width):
        if offset + 2 > len(data):
            raise Refused(f"{path}: truncated")
        length = int.from_bytes(data[offset : offset + 2], "big")
        entry = data[offset + 2 : offset + 2 + length]
        if len(entry) != length:
            raise Refused(f"{path}: truncated")
        entries.append(entry)
        offset += 2 + length
    if offset != len(data):
        raise Refused(f"{path}: holds more than {width} entries")
    return entries


def widths(count):
    """(index, width) of each tile of a level that holds `count` hashes."""
    for index in range((count + 255) // 256):
        yield index, min(256, count - 256 * index)


def verify(folder, vkey_text, saved_paths):
    vkey = parse_vkey(vkey_text)
    size, root = parse_checkpoint(read(folder, "checkpoint"), vkey, "checkpoint")
    leaves = []
    for index, width in widths(size):
        path = tile_path("entries", index, width)
        leaves += [leaf_hash(entry) for entry in parse_bundle(read(folder, path), path, width)]
    level, hashes, tiles = 0, leaves, 0
    while hashes:
        above = []
        for index, width in widths(len(hashes)):
            expected = hashes[256 * index : 256 * index + width]
            path = tile_path(level, index, width)
            if read(folder, path) != b"".join(expected):
                raise Refused(f"{path}: differs from the entries")
            tiles += 1
            if width == 256:
                above.append(merkle_root(expected))
        level, hashes = level + 1, above
    if merkle_root(leaves) != root:
        raise Refused("checkpoint: its root is not that of the entries")
    for path in saved_paths:
        old_size, old_root = parse_checkpoint(pathlib.Path(path).read_bytes(), vkey, path)
        if old_size > size:
            raise Refused(f"{path}: the log has shrunk from {old_size} to {size} entries")
        if merkle_root(leaves[:old_size]) != old_root:
            raise Refused(f"{path}: the log does not begin with what was saved")
    return size, tiles


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip())
        return 2
    try:
        size, tiles = verify(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    except (Refused, ValueError, IndexError) as error:
        print(f"refused: {error}")
        return 1
    print(f"good: {size} entries, {tiles} tiles")
    return 0


if __name__ == "__main__":
    sys.exit(main())
