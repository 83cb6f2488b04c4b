#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Measures this project and its peers in turn, in one run, and prints a table; never fails on time, so it is no test.
"""How fast is cyclegan beside PyTorch and onnxruntime on this machine, now?

Every work runs in rounds: in each round ours, then every peer that is there, each in a process of its own (so that its peak memory is its
own), warmed up. The table shows medians of all rounds and ratios (the peer's time by ours)."""
import argparse
import json
import os
import pathlib
import platform
import shlex
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
SOURCE = (HERE.parent / "golden/networks.py").read_text() + (HERE / "peer.py").read_text()
SHIPPED = TOP / "data/models/photo-to-ukiyoe.safetensors"

# Name, kind, size, channels, blocks, runs in a process, and the ratios aimed at: ours and BLIS's AVX2 kernel by PyTorch's time,
# then both by onnxruntime's.
WORKS = [
    ("generator-256", "generator", 256, 64, 9, 9, (2.6, 1.8), (2.3, 1.6)),
    ("generator-512", "generator", 512, 64, 9, 5, (3.0, 2.0), (2.6, 1.8)),
    ("generator-1024", "generator", 1024, 64, 9, 2, (3.9, 2.5), (3.1, 2.1)),
    ("step-128", "step", 128, 32, 6, 7, (2.5, 1.7), None),
    ("step-256", "step", 256, 64, 9, 2, (2.5, 1.7), None),
]

# The variables that make ours compute on BLIS's AVX2 kernel, also where BLIS would choose another one.
BLIS = {"CG_CPU": "blis", "BLIS_ARCH_TYPE": "3"}


def run_ours(options, work, threads, environment=None):
    _, kind, size, nf, blocks, repeat, *_ = work
    command = [options.cyclegan, "bench", "--json", "--size", size, "--ngf", nf, "--n-blocks", blocks,
               "--threads", threads, "--repeat", repeat] + (["--train"] if kind == "step" else [])
    done = subprocess.run([str(word) for word in command], env=dict(os.environ, **(environment or {})),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        return None
    result = json.loads(done.stdout)
    return {"seconds": [result["seconds_median"]], "peak_rss_mib": result["peak_rss_mib"], "kernel": result["kernel"]}


def run_peer(options, kind, runtime, work, stdin=None):
    _, _, size, nf, blocks, repeat, *_ = work
    command = shlex.split(options.peer) + ["-c", SOURCE, kind, runtime]
    done = subprocess.run(command + [str(number) for number in (size, nf, blocks, options.threads, repeat)], input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0 or not done.stdout:
        print(f"{kind} on {runtime} failed: {done.stderr.decode(errors='replace')[-300:]}", file=sys.stderr)
        return None
    return done.stdout if kind == "export" else json.loads(done.stdout)


class Column:
    """One way to do one work: what its rounds measured."""

    def __init__(self):
        self.seconds, self.peak, self.kernel = [], 0.0, None

    def add(self, result):
        if result:
            self.seconds += result["seconds"]
            self.peak = max(self.peak, result["peak_rss_mib"])
            self.kernel = result.get("kernel")

    def median(self):
        return statistics.median(self.seconds) if self.seconds else None

    def __str__(self):
        return f"{self.median():.3f} s, {self.peak:.0f} MiB" if self.seconds else "-"


def format_ratio(peer, ours, bar):
    if peer.median() is None or ours.median() is None:
        return "-"
    ratio = peer.median() / ours.median()
    return f"{ratio:.2f}" + (f" ({bar})" if bar else "")


def compare(options, work, versions):
    name, kind, *_, torch_bars, onnx_bars = work
    columns = {key: Column() for key in ("ours", "one thread", "blis", "float32", "bfloat16", "onnxruntime")}
    onnx = run_peer(options, "export", "float32", work) if kind == "generator" and "onnxruntime" in versions else None
    for _ in range(options.rounds):
        columns["ours"].add(run_ours(options, work, options.threads))
        if not options.only_ours:
            columns["one thread"].add(run_ours(options, work, 1))
            blis = run_ours(options, work, options.threads, BLIS)
            # Another BLIS numbers its kernels otherwise; then this column stays empty.
            columns["blis"].add(blis if blis and blis["kernel"].split("+")[0] in ("blis-haswell", "blis-zen3", "blis-zen2") else None)
        for runtime in ("float32", "bfloat16") if versions else ():
            if runtime == "float32" or not options.no_bfloat16:
                columns[runtime].add(run_peer(options, kind, runtime, work))
        if onnx:
            columns["onnxruntime"].add(run_peer(options, kind, "onnxruntime", work, onnx))
    ours, blis = columns["ours"], columns["blis"]
    one = columns["one thread"].median()
    scaling = f"{one / ours.median():.2f}" if one and ours.median() else "-"
    cells = [name, str(ours), scaling, str(blis), str(columns["float32"]),
             format_ratio(columns["float32"], ours, torch_bars[0]), format_ratio(columns["float32"], blis, torch_bars[1]),
             str(columns["onnxruntime"]), format_ratio(columns["onnxruntime"], ours, onnx_bars and onnx_bars[0]),
             format_ratio(columns["onnxruntime"], blis, onnx_bars and onnx_bars[1]),
             str(columns["bfloat16"]), format_ratio(columns["bfloat16"], ours, None)]
    print("| " + " | ".join(cells) + " |", flush=True)


def write_png(path, size):
    """A gradient with some texture, so that nothing is trivial to compress."""
    rows = b"".join(b"\0" + bytes((x * 7 + y * 3 + c * 50 + (x * y) % 11) % 256 for x in range(size) for c in range(3))
                    for y in range(size))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def time_cold_start(options):
    """From the start of the process to the written file, for a picture of 512 x 512."""
    with tempfile.TemporaryDirectory() as folder:
        image, out = pathlib.Path(folder) / "in.png", pathlib.Path(folder) / "out.png"
        write_png(image, 512)
        seconds = []
        for _ in range(2 * options.rounds + 1):
            out.unlink(missing_ok=True)
            start = time.perf_counter()
            done = subprocess.run([options.cyclegan, "translate", "--model", SHIPPED, "--out", out, image],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            seconds.append(time.perf_counter() - start)
            if done.returncode != 0 or not out.exists():
                print(f"cold start failed: {done.stdout.decode(errors='replace')[-300:]}", file=sys.stderr)
                return
        print(f"\nCold start: {statistics.median(seconds):.3f} s from the start of `cyclegan translate` to the written file, "
              f"512 x 512, shipped model (first run {seconds[0]:.3f} s)")


def describe_machine():
    model = platform.machine()
    try:
        names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
        flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "")
        model = (names or [model])[0] + (" with AVX-512" if "avx512f" in flags else "")
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.2f} at the beginning"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cyclegan", nargs="?", default=str(TOP / "build/train/cyclegan"), help="the program (build/train/cyclegan)")
    parser.add_argument("--peer", default="/usr/bin/python3", metavar="COMMAND",
                        help="a Python that has torch, and perhaps onnxruntime; 'chroot ROOT python3' will do (/usr/bin/python3)")
    parser.add_argument("--works", default=",".join(work[0] for work in WORKS), metavar="NAME,…", help="(all: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only-ours", action="store_true", help="leave out one thread and BLIS's kernel")
    parser.add_argument("--no-bfloat16", action="store_true", help="leave out PyTorch's autocast")
    options = parser.parse_args()
    wanted = options.works.split(",")
    unknown = set(wanted) - {work[0] for work in WORKS}
    if unknown:
        parser.error(f"no such work: {', '.join(sorted(unknown))}")

    versions = run_peer(options, "versions", "float32", WORKS[0]) or {}
    kernel = run_ours(options, ("", "generator", 64, 8, 1, 1), 1)
    if not kernel:
        parser.error(f"{options.cyclegan} does not run")
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {describe_machine()}; {options.threads} threads, kernel {kernel['kernel']}; "
          + (", ".join(f"{name} {version}" for name, version in versions.items()) or "no peer found")
          + f"; medians of {options.rounds} rounds, ratios are the peer's time by ours, in brackets what is aimed at\n")
    head = ["work", "ours", "1 thread by ours", "ours, BLIS AVX2", "PyTorch float32", "by ours", "by BLIS", "onnxruntime",
            "by ours", "by BLIS", "PyTorch bfloat16", "by ours"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for work in WORKS:
        if work[0] in wanted:
            compare(options, work, versions)
    time_cold_start(options)


if __name__ == "__main__":
    main()
