#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Builds the fuzzers with clang and runs each for some time over its seeds; exits 1 if one found something.
#
# Usage: run.sh SECONDS [TARGET...]. What was found lies in build-fuzz/found/TARGET-*; what is new and of use in build-fuzz/TARGET.
set -eu

cd "$(dirname "$0")/../.."
seconds=$1
shift
test $# -gt 0 || set -- checkpoint pickle safetensors

build=build-fuzz
test -f $build/build.ninja ||
  CC=clang meson setup $build -Dfuzzing=true -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
mkdir -p $build/found

status=0
for target; do
  ninja -C $build "tests/fuzz/$target-fuzz"
  mkdir -p "$build/$target"
  case $target in
    checkpoint) seeds=tests/golden/checkpoints ;;
    *) seeds=tests/fuzz/$target-corpus ;;
  esac
  # More memory than a file of 64 KiB should ever need is a finding, and so is a second.
  UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1 \
    "$build/tests/fuzz/$target-fuzz" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=5 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$build/found/$target-" "-dict=tests/fuzz/$target.dict" \
    "$build/$target" "$seeds" || status=1
done
exit $status
