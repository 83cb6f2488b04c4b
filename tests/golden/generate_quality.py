#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Writes quality.safetensors: distances of images and of sets of images, computed by numpy in float64 from the papers alone.
"""Usage: generate_quality.py [FOLDER]. The images are a formula that tests/quality/golden-image.h repeats."""
import pathlib
import sys

import numpy

import tensorfile

CASES = {
    "square": dict(n_sets=3, n_images=4, h=64, w=64, c=3, n_patches=32, n_directions=40, seed=5),
    "odd": dict(n_sets=2, n_images=3, h=37, w=33, c=1, n_patches=17, n_directions=16, seed=(7 << 32) + 9),
    "small": dict(n_sets=2, n_images=2, h=12, w=9, c=3, n_patches=20, n_directions=64, seed=1),
}
PATCH_PURPOSE, DIRECTION_PURPOSE = 20, 21


def image(number, h, w, c):
    """The formula, in integers up to the last division."""
    y, x, k = numpy.mgrid[0:h, 0:w, 0:c]
    return ((x * (3 + number) + y * (5 + number // 2) + x * y * (1 + k) + number * number) % 61).astype(float) / 30 - 1


def philox(seed, purpose, step, index):
    """Philox4x32-10 (Salmon et al. 2011); index: an array. Two arrays of 64 bits."""
    words = [index & 0xFFFFFFFF, index >> 32, step & 0xFFFFFFFF, ((step >> 32) & 0xFFFF) | purpose << 16]
    x = [numpy.broadcast_to(numpy.uint64(0) + numpy.asarray(word, numpy.uint64), index.shape) for word in words]
    low, keys = numpy.uint64(0xFFFFFFFF), [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = x[0] * numpy.uint64(0xD2511F53), x[2] * numpy.uint64(0xCD9E8D57)
        shift = numpy.uint64(32)
        x = [(b >> shift) ^ x[1] ^ numpy.uint64(keys[0]), b & low, (a >> shift) ^ x[3] ^ numpy.uint64(keys[1]), a & low]
        keys = [(keys[0] + 0x9E3779B9) & 0xFFFFFFFF, (keys[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return x[0] | x[1] << shift, x[2] | x[3] << shift


def below(seed, purpose, step, index, n):
    return [int(word) * n >> 64 for word in philox(seed, purpose, step, numpy.asarray(index, numpy.uint64))[0]]


def normal(seed, purpose, step, count):
    u, v = (
        (words >> numpy.uint64(11)).astype(float) / 2**53
        for words in philox(seed, purpose, step, numpy.arange(count, dtype=numpy.uint64))
    )
    return numpy.sqrt(-2 * numpy.log(1 - u)) * numpy.cos(2 * numpy.pi * v)


def blur(pixels):
    """The 5 x 5 binomial filter, mirrored at the border."""
    padded = numpy.pad(pixels, ((2, 2), (2, 2), (0, 0)), "reflect")
    taps = numpy.array([1, 4, 6, 4, 1]) / 16
    windows = numpy.lib.stride_tricks.sliding_window_view(padded, (5, 5), (0, 1))
    return numpy.einsum("yxcab,a,b->yxc", windows, taps, taps)


def pyramid(pixels):
    levels = [pixels]
    while min((n + 1) // 2 for n in levels[-1].shape[:2]) >= 16:
        smaller = blur(levels[-1])[::2, ::2]
        spread = numpy.zeros_like(levels[-1])
        spread[::2, ::2] = smaller
        levels[-1] = levels[-1] - 4 * blur(spread)
        levels.append(smaller)
    return levels


def descriptors(images, level, n_patches, seed):
    """[n_images * n_patches][49 * c], normalised by channel."""
    found = []
    for number, pixels in enumerate(images):
        h, w = pixels.shape[:2]
        step = level << 40 | number
        ys = below(seed, PATCH_PURPOSE, step, range(0, 2 * n_patches, 2), h - 6)
        xs = below(seed, PATCH_PURPOSE, step, range(1, 2 * n_patches, 2), w - 6)
        found += [pixels[y : y + 7, x : x + 7] for y, x in zip(ys, xs)]
    found = numpy.stack(found)
    found = (found - found.mean((0, 1, 2))) / found.std((0, 1, 2))
    return found.reshape(len(found), -1)


def distances(sets, n_patches, n_directions, seed):
    pyramids = [[pyramid(pixels) for pixels in images] for images in sets]
    n_levels, total = len(pyramids[0][0]), numpy.zeros((len(sets), len(sets)))
    for level in range(n_levels):
        points = [descriptors([p[level] for p in images], level, n_patches, seed) for images in pyramids]
        size = points[0].shape[1]
        directions = normal(seed, DIRECTION_PURPOSE, level, n_directions * size).reshape(n_directions, size).T
        directions = directions / numpy.linalg.norm(directions, axis=0)
        projected = [numpy.sort(p @ directions, 0) for p in points]
        total += [[numpy.abs(a - b).mean() for b in projected] for a in projected]
    return total * 1e3 / n_levels


def ssim(a, b, peak):
    """Wang et al. 2004, with the two-dimensional window as it is written there."""
    x = numpy.arange(11) - 5
    window = numpy.exp(-(x[:, None] ** 2 + x**2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2

    def mean(values):
        return numpy.einsum("yxcab,ab->yxc", numpy.lib.stride_tricks.sliding_window_view(values, (11, 11), (0, 1)), window)

    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    return ((2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    tensors, metadata = {}, {"cases": " ".join(CASES)}
    for name, case in CASES.items():
        size = case["h"], case["w"], case["c"]
        sets = [
            [image(s * case["n_images"] + i, *size) for i in range(case["n_images"])] for s in range(case["n_sets"])
        ]
        metadata.update({f"{name} {key}": str(value) for key, value in case.items()})
        tensors[f"{name} distances"] = distances(sets, case["n_patches"], case["n_directions"], case["seed"])
    a, b = image(0, 23, 17, 3), image(1, 23, 17, 3)
    b = 0.6 * a + 0.4 * b
    metadata["ssim"] = repr(float(ssim(a, b, 2.0)))
    metadata["l1"] = repr(float(numpy.abs(a - b).mean()))
    metadata["psnr"] = repr(float(10 * numpy.log10(4 / ((a - b) ** 2).mean())))
    tensorfile.write(folder / "quality.safetensors", tensors, metadata)


if __name__ == "__main__":
    main()
