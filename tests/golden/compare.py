# SPDX-License-Identifier: LGPL-3.0-or-later
# Compares two folders of golden files: the same names, shapes and texts, and numbers that agree as far as platforms do.
#
# Usage: compare.py committed regenerated
import pathlib
import sys

import numpy

import tensorfile

# float64 differs by its own rounding only, which 20 steps of training amplify; what is stored is float32.
TOLERANCE = 1e-5


def compare_tensors(name, a, b):
    if a.shape != b.shape:
        return f"{name}: shape {a.shape} and {b.shape}"
    if name == "free-run deviation":
        # Two estimates from 24 runs each.
        ratio = (a.max(0) + 1e-9) / (b.max(0) + 1e-9)
        return None if ((ratio > 1 / 4) & (ratio < 4)).all() else f"{name}: spreads differ by {ratio}"
    distance = float(numpy.abs(a.astype(float) - b).max())
    largest = float(numpy.abs(a).max())
    return None if distance <= TOLERANCE * largest + 1e-30 else f"{name}: off by {distance:.2e}, largest {largest:.2e}"


def compare_numbers(name, a, b):
    """e32 are float32's own errors, which depend on the processor: of the same order is enough."""
    if a == b:
        return None
    try:
        x, y = float(a), float(b)
    except ValueError:
        return f"{name}: {a!r} and {b!r}"
    if "e32" in name:
        return None if x < 30 * y + 1e-6 and y < 30 * x + 1e-6 else f"{name}: {a} and {b}"
    return None if abs(x - y) <= TOLERANCE * max(abs(x), abs(y)) else f"{name}: {a} and {b}"


def compare_free_run(a, b, n_runs):
    """Every window's mean within 6 deviations of the difference of two such means, of n_runs each."""
    spread = numpy.maximum(a["deviation"], b["deviation"])
    far = numpy.abs(a["mean"] - b["mean"]) > 6 * spread * (2 / n_runs) ** 0.5 + 1e-5 * numpy.abs(a["mean"])
    return "free-run mean: outside the spread" if far.any() else None


def compare_files(first, second):
    (a, a_texts), (b, b_texts) = tensorfile.read(first), tensorfile.read(second)
    stem = first.stem
    if list(a) != list(b) or list(a_texts) != list(b_texts):
        return [f"{stem}: other tensors or metadata"]
    found = [compare_numbers(f"{stem} {key}", a_texts[key], b_texts[key]) for key in a_texts]
    found += [compare_tensors(f"{stem} {key}", a[key], b[key]) for key in a if (stem, key) != ("free-run", "mean")]
    if stem == "free-run":
        found.append(compare_free_run(a, b, int(a_texts["n_runs"])))
    return [line for line in found if line]


def main():
    committed, regenerated = (pathlib.Path(folder) for folder in sys.argv[1:3])
    names = sorted(path.name for path in committed.glob("*.safetensors"))
    if names != sorted(path.name for path in regenerated.glob("*.safetensors")) or not names:
        raise SystemExit("not the same files")
    differences = [line for name in names for line in compare_files(committed / name, regenerated / name)]
    print("\n".join(differences) or f"{len(names)} golden files agree")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
