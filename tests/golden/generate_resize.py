# SPDX-License-Identifier: LGPL-3.0-or-later
# Writes resize-*.png: a synthetic image and what Pillow's BICUBIC makes of it, the definition of right for train/resize.c.
import os
import sys

import numpy
from PIL import Image

SIZES = [(20, 14), (41, 58), (97, 29), (63, 45), (13, 9), (41, 7), (5, 29), (1, 1)]


def source(width=41, height=29):
    """Smooth ramps, hard edges that overshoot at both ends, and noise: one kind in each third."""
    y, x = numpy.mgrid[0:height, 0:width]
    noise = numpy.random.RandomState(11).randint(0, 256, (height, width, 3))
    ramp = numpy.stack([x * 6, y * 8, 255 - x * 3 - y * 2], -1)
    edges = numpy.repeat((((x // 3 + y // 5) % 2) * 255)[..., None], 3, -1)
    third = numpy.minimum(x // 14, 2)[..., None]
    pixels = numpy.where(third == 0, ramp, numpy.where(third == 1, edges, noise))
    return Image.fromarray(numpy.clip(pixels, 0, 255).astype(numpy.uint8))


def images():
    """Every golden file's name and its image."""
    image = source()
    yield "resize-source.png", image
    for size in SIZES:
        yield "resize-%dx%d.png" % size, image.resize(size, Image.BICUBIC)


def main():
    """Writes the files, or with "check" says which of the committed ones hold other pixels."""
    folder = os.path.dirname(os.path.abspath(__file__))
    different = []
    for name, image in images():
        path = os.path.join(folder, name)
        if sys.argv[1:] != ["check"]:
            image.save(path)
        elif Image.open(path).tobytes() != image.tobytes():
            different.append(name)
    if different:
        sys.exit("different: " + " ".join(different))


if __name__ == "__main__":
    main()
