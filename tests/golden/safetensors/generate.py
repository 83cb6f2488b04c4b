# SPDX-License-Identifier: LGPL-3.0-or-later
# Writes by-python.safetensors from the format's description with struct and json alone: a second opinion to our writer.
import json
import pathlib
import struct


def bfloat16(values):
    """The upper halves of float32; the values are chosen so that nothing is cut off."""
    return b"".join(struct.pack("<f", value)[2:] for value in values)


TENSORS = [
    ("weight", "F32", [2, 3], struct.pack("<6f", 1.0, -2.5, 3.0e-45, 3.4028234663852886e38, -0.0, 0.1)),
    ("scalar", "F32", [], struct.pack("<f", 42.0)),
    ("half", "F16", [4], struct.pack("<4e", 1.0, -65504.0, 6.0e-8, 0.333251953125)),
    ("nothing", "F16", [0, 5], b""),
    ("brain", "BF16", [1, 2, 1], bfloat16([1.0, -3.3895313892515355e38])),
]


def main():
    header, data = {}, b""
    for name, dtype, shape, content in TENSORS:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    header = {"__metadata__": {"author": "Zoë 🎨", "format": "pt"}, **dict(reversed(header.items()))}
    text = json.dumps(header, indent=1).replace("\n", " ").encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(__file__).parent / "by-python.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


main()
