#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Regenerates all golden files with the PyTorch and Pillow at hand and compares them with the committed ones. PYTHON: one
# that has both.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-/usr/bin/python3}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

"$python" -c 'import torch; print("PyTorch", torch.__version__)'
"$python" -B "$here/generate.py" "$folder"
"$python" -B "$here/generate_quality.py" "$folder"
"$python" -B "$here/compare.py" "$here" "$folder"
"$python" -B "$here/generate_resize.py" check
