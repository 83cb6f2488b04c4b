#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# SIGKILL for the plug-in at random moments while GIMP waits for it; its own test, as somebody outside must do the killing.
"""Usage: gimp-kill.py GIMP PLUG-IN SYSTEM-PLUG-INS WORDS SCRIPT QUIT MODEL KILLS. Prints TAP: after each kill GIMP's image has
its one layer, is not marked as changed, and in the end its pixels are those of the file."""

import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

SEED = 20261123
# Large enough that the network works for seconds, also where the processor is fast.
WIDTH, HEIGHT = 1536, 1024
LONGEST = 1.0
PATIENCE = 120.0


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path):
    """A picture of smooth colours."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(WIDTH) for value in (x * 255 // WIDTH, y * 255 // HEIGHT, (x ^ y) & 255))
        for y in range(HEIGHT)
    )
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def pixels_of(path):
    """All bytes of the picture, by GEGL, for GIMP chooses filters and chunks of its own."""
    result = path + ".ppm"
    subprocess.run(["gegl", path, "-o", result], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(result, "rb") as file:
        return file.read()


def plug_in_of(gimp, plug_in):
    """The process of the plug-in that @gimp has started, or None."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
                if parent == gimp and os.path.samefile(f"/proc/{name}/exe", plug_in):
                    return int(name)
            except (OSError, IndexError, ValueError):
                pass
    return None


def kill_soon(gimp, plug_in, chance):
    """Waits for the plug-in, then a random while. Returns whether it could still be killed."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        process = plug_in_of(gimp, plug_in)
        if process:
            time.sleep(chance.uniform(0.0, LONGEST))
            try:
                os.kill(process, signal.SIGKILL)
                return True
            except ProcessLookupError:
                return False
        time.sleep(0.001)
    return False


def prepare(folder, plug_in, system, words, script, model, kills):
    write_png(os.path.join(folder, "photo.png"))
    for name, target in (("script-fu", os.path.join(system, "script-fu")), ("file-png", os.path.join(system, "file-png"))):
        os.makedirs(os.path.join(folder, "plug-ins"), exist_ok=True)
        os.symlink(target, os.path.join(folder, "plug-ins", name))
    os.makedirs(os.path.join(folder, "plug-ins", "cyclegan"))
    os.symlink(plug_in, os.path.join(folder, "plug-ins", "cyclegan", "cyclegan"))
    os.makedirs(os.path.join(folder, "gimp", "gradients"))
    with open(os.path.join(folder, "gimp", "gimprc"), "w", encoding="utf-8") as file:
        file.write(f'(plug-in-path "{folder}/plug-ins")\n')
    with open(os.path.join(folder, "kill.scm"), "w", encoding="utf-8") as file:
        file.write(f'(define folder "{folder}")\n(define model "{model}")\n(define kills {kills})\n')
        for part in (words, script):
            with open(part, encoding="utf-8") as source:
                file.write(source.read())


def main():
    gimp, plug_in, system, words, script, quit_word, model, kills = sys.argv[1:]
    chance = random.Random(SEED)
    begun, killed, ends = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder, plug_in, system, words, script, model, int(kills))
        environment = dict(os.environ, HOME=folder, GIMP2_DIRECTORY=f"{folder}/gimp", GIMP3_DIRECTORY=f"{folder}/gimp",
                           XDG_CACHE_HOME=f"{folder}/cache", XDG_DATA_HOME=f"{folder}/data", XDG_CONFIG_HOME=f"{folder}/config")
        process = subprocess.Popen(
            [gimp, "-i", "-n", "-d", "-f", "--batch-interpreter", "plug-in-script-fu-eval", "-b", f'(load "{folder}/kill.scm")',
             quit_word], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if "kill: begin" in line:
                begun += 1
                killed += kill_soon(process.pid, plug_in, chance)
            elif "kill: end" in line:
                ends.append(line.split("kill: end ")[1].strip())
            else:
                print(f"# {line.rstrip()}")
        status = process.wait()
        after = os.path.join(folder, "after.png")
        points = [
            (f"GIMP lived through {killed} kills of {begun}", status == 0 and begun == killed == int(kills)),
            ("each time an error, one layer and an unchanged image",
             len(ends) == int(kills) and all(end == "failed layers 1 unchanged" for end in ends)),
            ("the pixels are those of the file",
             os.path.exists(after) and pixels_of(after) == pixels_of(os.path.join(folder, "photo.png"))),
        ]
    print(f"# seed {SEED}, {ends}")
    print(f"1..{len(points)}")
    for number, (name, right) in enumerate(points, 1):
        print(f"{'ok' if right else 'not ok'} {number} - {name}")
    return 0 if all(right for _, right in points) else 1


if __name__ == "__main__":
    sys.exit(main())
