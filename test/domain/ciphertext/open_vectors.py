"""Opens every test vector of docs/ciphertext-formats.md with Python's `cryptography`, knowing only that page."""

import base64
import hashlib
import json
import re
import struct
import sys

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def decode(text, encoding):
    if encoding == "hex":
        return bytes.fromhex(text)
    if encoding == "hex-upper":
        return bytes.fromhex(text.lower())
    padded = text + "=" * (-len(text) % 4)
    return (base64.urlsafe_b64decode if "url" in encoding else base64.b64decode)(padded)


def gcm(key, nonce, ciphertext, tag, authenticated=b""):
    cipher = Cipher(algorithms.AES(key), modes.GCM(nonce, tag)).decryptor()
    cipher.authenticate_additional_data(authenticated)
    return cipher.update(ciphertext) + cipher.finalize()


def whole_gcm(key, body, nonce_bytes, authenticated=b""):
    return gcm(key, body[:nonce_bytes], body[nonce_bytes:-16], body[-16:], authenticated)


def hkdf(key, salt, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(key)


def lp(text):
    return struct.pack(">I", len(text.encode())) + text.encode()


def part(value):
    return value["uuid"].lower() if isinstance(value, dict) else str(value)


def open_qt1(vector, kid, key):
    binding, value = vector["binding"], vector["ciphertext"]
    if vector["format"]["name"] == "qt1":
        mark, named, profile, body = value.split(".")
        assert mark == "qt1"
        body = decode(body, "base64url")
    else:
        head, body = bytes.fromhex(value)[:12], bytes.fromhex(value)[12:]
        assert head[:3] == b"QT\x01"
        named, profile = head[4:].hex(), ["none", "column", "row"][head[3]]
    assert named == kid and profile == binding["profile"]
    column = binding.get("column", "")
    data = lp("qt1") + lp(kid) + lp(profile)
    data += b"" if profile == "none" else lp(column)
    data += b"".join(lp(part(p)) for p in binding.get("row", []))
    sealing_key = hkdf(key, None, b"qt1" + kid.encode() + column.encode(), 32)
    return whole_gcm(sealing_key, body, 12, data)


def encodings(form, default):
    encoding = form.get("encoding", default)
    return encoding if isinstance(encoding, dict) else dict.fromkeys(("iv", "tag", "data"), encoding)


def open_raw(vector, _kid, key):
    form = vector["format"]
    body = decode(vector["ciphertext"], form.get("encoding", "hex"))
    return whole_gcm(key, body, form.get("nonceBytes", 12))


def open_colon_gcm(vector, _kid, key):
    form = vector["format"]
    read = encodings(form, "hex")
    parts = dict(zip(form["order"].split(":"), vector["ciphertext"].split(":")))
    iv, tag, data = (decode(parts[name], read[name]) for name in ("iv", "tag", "data"))
    return gcm(key, iv, data, tag)


def open_json(vector, _kid, key):
    form = vector["format"]
    members, read = form["members"], encodings(form, "base64")
    value = json.loads(vector["ciphertext"])
    iv, data = (decode(value[members[name]], read[name]) for name in ("iv", "data"))
    tag = decode(value[members["tag"]], read["tag"]) if "tag" in members else b""
    return whole_gcm(key, iv + data + tag, len(iv))


def open_fernet(vector, _kid, key):
    return Fernet(base64.urlsafe_b64encode(key)).decrypt(vector["ciphertext"].encode())


def open_n8n(vector, _kid, key):
    body = base64.b64decode(vector["ciphertext"], validate=True)
    assert body[0] == 1
    derived = hkdf(key, body[1:33], b"n8n-encryption-v1", 44)
    return gcm(derived[:32], derived[32:], body[49:], body[33:49])


def open_cloak(vector, _kid, key):
    version, algorithm, fingerprint, iv, data = vector["ciphertext"].split(".")
    written = b"k1.aesgcm256." + base64.urlsafe_b64encode(key)
    assert (version, algorithm) == ("v1", "aesgcm256")
    assert fingerprint == hashlib.sha256(written).hexdigest()[:8]
    return whole_gcm(key, base64.urlsafe_b64decode(iv) + base64.urlsafe_b64decode(data), 12)


def open_prefixed(vector, kid, key):
    form = vector["format"]
    rest = vector["ciphertext"].removeprefix(form["prefix"])
    named, body = rest.split(form["prefix"][-1])
    key_id = form["keyId"]
    if key_id["of"] == "kid":
        whole = kid
    else:
        assert key_id["keyAs"] in ("bytes", "hex")
        whole = hashlib.sha256(key if key_id["keyAs"] == "bytes" else key.hex().encode()).hexdigest()
    assert named == whole[: key_id["digits"]]
    return whole_gcm(key, decode(body, form.get("encoding", "base64")), form.get("nonceBytes", 12))


def open_colon_cbc(vector, _kid, key):
    encoding = vector["format"].get("encoding", "hex")
    iv, data = (decode(each, encoding) for each in vector["ciphertext"].split(":"))
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(cipher.update(data) + cipher.finalize()) + unpadder.finalize()


OPEN = {
    "qt1": open_qt1,
    "qt1-bytes": open_qt1,
    "raw": open_raw,
    "raw-bytes": open_raw,
    "colon-gcm": open_colon_gcm,
    "json-gcm": open_json,
    "fernet": open_fernet,
    "n8n-gcm": open_n8n,
    "cloak": open_cloak,
    "prefixed": open_prefixed,
    "colon-cbc": open_colon_cbc,
}


def main(path):
    with open(path, encoding="utf-8") as page:
        blocks = re.findall(r"```json\n(.*?)```", page.read(), re.S)
    opened = 0
    for block in map(json.loads, blocks):
        for vector in block["vectors"]:
            key = bytes.fromhex(vector.get("key", block["key"]))
            plaintext = OPEN[vector["format"]["name"]](vector, block["kid"], key)
            assert plaintext.decode() == vector["plaintext"], vector["name"]
            opened += 1
    print(opened, "opened")


main(sys.argv[1])
