#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Installs a build into an empty folder and builds outside.c from nothing but that folder, as a stranger would.
# Usage: run.sh BUILD PREFIX LIBDIR SOURCE CC...
set -eu

build=$1
prefix=$2
libdir=$3
source=$4
shift 4

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
meson install -C "$build" --no-rebuild --quiet --destdir "$folder/root" >"$folder/install.txt" 2>&1 ||
  { sed 's/^/# /' "$folder/install.txt"; exit 1; }

# DESTDIR puts the tree where its .pc file does not expect it.
pc=$folder/root$prefix/$libdir/pkgconfig/cyclegan.pc
sed -i "s|^prefix=.*|prefix=$folder/root$prefix|" "$pc"
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH

# shellcheck disable=SC2046
"$@" -std=gnu11 -Wall -Wextra -Werror -o "$folder/outside" "$source" $(pkg-config --cflags --libs cyclegan) -lm
# Every installed header can be the first that a program includes.
find "$folder/root$prefix/include/cyclegan-1" -name '*.h' >"$folder/headers.txt"
while IFS= read -r header; do
  # shellcheck disable=SC2046
  printf '#include "%s"\n' "$header" | "$@" -std=gnu11 -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags cyclegan) -x c -
done <"$folder/headers.txt"

LD_LIBRARY_PATH=$folder/root$prefix/$libdir exec "$folder/outside" "$folder/model.safetensors"
