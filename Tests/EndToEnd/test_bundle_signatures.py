# SPDX-License-Identifier: Apache-2.0
"""Signed bundles, signed here by Python's cryptography in the form that `opa sign` writes."""

import base64
import hashlib
import hmac
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from demo.mesh import portcullis_binary

Files = dict[str, bytes]

FILES: Files = {
    "p.rego": b"package p\n\nallow := data.a.x == 1\n",
    "a/data.json": b'{"x":   1, "t": "\xe2\x80\xa8<&>", "n": [1.50, 1E3, null, true]}',
    "b/data.yaml": b"y: [1, two]\n",
    ".manifest": b'{ "revision": "r1" }',
    "README": b"not loaded, but signed",
}

RSA = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
SECRET = "a-shared-secret"  # noqa: S105


def canonical(name: str, content: bytes) -> bytes:
    if name.rsplit("/", 1)[-1] not in ("data.json", ".manifest"):
        # The one YAML file here, as JSON.
        return b'{"y":[1,"two"]}' if name == "b/data.yaml" else content
    if name == "a/data.json":
        # Go's encoder escapes line separators; numbers stay as they are written.
        return rb'{"n":[1.50,1E3,null,true],"t":"\u2028<&>","x":1}'
    return json.dumps(json.loads(content), separators=(",", ":"), sort_keys=True).encode()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(algorithm: str, message: bytes) -> bytes:
    if algorithm == "RS256":
        return RSA.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if algorithm == "PS256":
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return RSA.sign(message, pss, hashes.SHA256())
    if algorithm == "ES256":
        r, s = decode_dss_signature(CURVE.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if algorithm == "EdDSA":
        return EDWARDS.sign(message)
    return hmac.new(SECRET.encode(), message, hashlib.sha256).digest()


def signed(files: Files, algorithm: str = "RS256", digest: str = "SHA-256", **claims: str) -> Files:
    hasher = hashlib.new(digest.replace("-", "").lower())
    entries = []
    for name, content in files.items():
        each = hasher.copy()
        each.update(canonical(name, content))
        entries.append({"name": name, "hash": each.hexdigest(), "algorithm": digest})
    header = encoded(json.dumps({"alg": algorithm}).encode())
    payload = encoded(json.dumps({"files": entries, **claims}).encode())
    token = f"{header}.{payload}"
    token += "." + encoded(signature(algorithm, token.encode()))
    return {**files, ".signatures.json": json.dumps({"signatures": [token]}).encode()}


def write(folder: Path, files: Files, archive: bool) -> Path:
    if not archive:
        for name, content in files.items():
            (folder / "bundle" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "bundle" / name).write_bytes(content)
        return folder / "bundle"
    with tarfile.open(folder / "bundle.tar.gz", "w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo("/" + name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return folder / "bundle.tar.gz"


def key_file(folder: Path, algorithm: str = "RS256") -> str:
    if algorithm == "HS256":
        return SECRET
    keys: dict[str, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey]
    keys = {"ES256": CURVE, "EdDSA": EDWARDS}
    key = keys.get(algorithm, RSA).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "key.pem").write_bytes(key.public_bytes(serialization.Encoding.PEM, spki))
    return str(folder / "key.pem")


def evaluate(bundle: Path, *options: str) -> tuple[int, dict[str, Any]]:
    command = [str(portcullis_binary()), "eval", "-b", str(bundle), *options, "data.p.allow"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, json.loads(run.stdout)


def reason(bundle: Path, *options: str) -> str:
    code, answer = evaluate(bundle, *options)
    assert code == 2, answer
    assert answer["errors"][0]["code"] == "load_signature", answer
    return str(answer["errors"][0]["message"])


@pytest.mark.parametrize("archive", [False, True])
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "HS256"])
def test_loads_what_was_signed(tmp_path: Path, algorithm: str, archive: bool) -> None:
    bundle = write(tmp_path, signed(FILES, algorithm), archive)
    key = key_file(tmp_path, algorithm)
    code, answer = evaluate(bundle, "--verification-key", key, "--signing-alg", algorithm)
    assert code == 0, answer
    assert answer["result"][0]["expressions"][0]["value"] is True


@pytest.mark.parametrize("digest", ["SHA-384", "SHA-512"])
def test_other_hashes(tmp_path: Path, digest: str) -> None:
    bundle = write(tmp_path, signed(FILES, digest=digest), True)
    assert evaluate(bundle, "--verification-key", key_file(tmp_path))[0] == 0


def test_white_space_of_documents_may_differ(tmp_path: Path) -> None:
    files = signed(FILES)
    files[".manifest"] = b'{"revision":"r1"}\n'
    bundle = write(tmp_path, files, True)
    assert evaluate(bundle, "--verification-key", key_file(tmp_path))[0] == 0


@pytest.mark.parametrize("archive", [False, True])
def test_changed_added_and_missing_files(tmp_path: Path, archive: bool) -> None:
    files = signed(FILES)
    changes: list[tuple[Files, str]] = [
        ({**files, "p.rego": b"package p\n\nallow := true\n"}, "differs"),
        ({**files, "a/data.json": b'{"x": 2}'}, "differs"),
        ({**files, "q.rego": b"package q\n"}, "not in the bundle's signatures"),
        ({**files, ".hidden": b""}, "not in the bundle's signatures"),
        ({k: v for k, v in files.items() if k != "README"}, "`README` is missing"),
        (FILES, "no `.signatures.json`"),
        ({**files, ".signatures.json": b"{}"}, "exactly one token"),
        ({**files, ".signatures.json": b"["}, "expected a JSON object"),
    ]
    key = key_file(tmp_path)
    for number, (changed, expected) in enumerate(changes):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert expected in reason(write(folder, changed, archive), "--verification-key", key)


def test_other_keys_and_algorithms(tmp_path: Path) -> None:
    bundle = write(tmp_path, signed(FILES), True)
    other = tmp_path / "other"
    other.mkdir()
    stranger = rsa.generate_private_key(65537, 2048).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    (other / "key.pem").write_bytes(stranger.public_bytes(serialization.Encoding.PEM, spki))
    assert "does not verify" in reason(bundle, "--verification-key", str(other / "key.pem"))
    key = key_file(tmp_path)
    assert "does not verify" in reason(bundle, "--verification-key", key, "--signing-alg", "PS256")
    # A public key is no secret: who knows it must not be able to sign with it.
    assert "does not verify" in reason(bundle, "--verification-key", key, "--signing-alg", "HS256")
    assert "key to verify it with" in reason(bundle)
    weak = tmp_path / "weak"
    weak.mkdir()
    assert "`SHA-1` is not accepted" in reason(
        write(weak, signed(FILES, digest="SHA-1"), True), "--verification-key", key
    )


def test_wrong_options(tmp_path: Path) -> None:
    bundle = write(tmp_path, signed(FILES), True)
    for options in (["--signing-alg", "none"], ["--signing-alg", "ES256"], []):
        key = key_file(tmp_path) if options else "no-such-file"
        code, answer = evaluate(bundle, "--verification-key", key, *options)
        assert code == 2
        assert answer["errors"][0]["message"].startswith("--verification-key: ")


def test_scope_exclusion_and_skipping(tmp_path: Path) -> None:
    files = signed(FILES, scope="write")
    key = key_file(tmp_path)
    bundle = write(tmp_path, files, True)
    assert "another scope" in reason(bundle, "--verification-key", key)
    scoped = ["--verification-key", key, "--scope", "write"]
    assert evaluate(bundle, *scoped)[0] == 0
    files["extra/q.rego"] = b"package q\n"
    changed = tmp_path / "changed"
    changed.mkdir()
    bundle = write(changed, files, True)
    assert "not in the bundle's signatures" in reason(bundle, *scoped)
    assert "not in" in reason(bundle, *scoped, "--exclude-files-verify", "*.rego")
    assert evaluate(bundle, *scoped, "--exclude-files-verify", "extra/*.rego")[0] == 0
    assert evaluate(bundle, "--skip-verify")[0] == 0


def test_configuration(tmp_path: Path) -> None:
    """`serve` and `validate` load no policy that is not signed, where a key is configured."""
    bundle = write(tmp_path, signed(FILES), False)
    settings = tmp_path / "portcullis.yaml"
    common = f"policies: [{bundle}]\ndata: []\nentrypoint: p.allow\n"
    keyed = common + f"bundles: {{key: {key_file(tmp_path)}}}\n"

    def validate(text: str) -> tuple[int, str]:
        settings.write_text(text)
        command = [str(portcullis_binary()), "validate", "--config", str(settings)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return run.returncode, run.stderr

    assert validate(keyed)[0] == 0
    (bundle / "p.rego").write_text("package p\n\nallow := true\n")
    code, message = validate(keyed)
    assert code == 3
    assert "differs from the one that was signed" in message
    (bundle / ".signatures.json").unlink()
    code, message = validate(keyed)
    assert code == 3
    assert "no `.signatures.json`" in message
    assert validate(common)[0] == 0
    code, message = validate(common + "bundles: {scope: x}\n")
    assert code == 3
    assert "expected `key` beside it" in message
