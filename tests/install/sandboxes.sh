#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# ./bootstrap install with tools that only pretend, in an empty home: where plug-ins go, and what it says of GIMPs from Flatpak and Snap.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
HOME=$work/home
PATH=$work/tools:/usr/bin:/bin
export HOME PATH work
unset XDG_DATA_HOME XDG_CONFIG_HOME GEGL_PATH
mkdir "$work/tools" "$work/tree" "$HOME"
cp "$top/bootstrap" "$work/tree/"

# pretend TOOL COMMANDS
pretend ()
{
  printf '#!/bin/sh\n%s\n' "$2" >"$work/tools/$1"
  chmod +x "$work/tools/$1"
}

for tool in apt-get ninja gegl; do
  pretend "$tool" 'exit 0'
done
pretend dpkg-query 'echo installed'
pretend flatpak 'exit 1'
# As if GIMP's interface 3.0 came from a later GIMP, which has a folder of its own.
pretend pkg-config 'case "$*" in *gimp-3.0*) echo 3.2.1 ;; *gimp-2.0*) echo 2.10.34 ;; *) exit 1 ;; esac'
# shellcheck disable=SC2016
pretend meson '
case $1 in
  setup) mkdir -p "$2" && printf "%s\n" "$@" >"$work/options.txt" && : >"$2/build.ninja" ;;
  install)
    mkdir -p build-install/meson-logs "$HOME/.local/lib"
    : >"$HOME/.local/lib/libcyclegan.so.0"
    printf "%s\n" "$HOME/.local/lib/libcyclegan.so.0" >build-install/meson-logs/install-log.txt
    for folder in $(sed -n "s/^-Dgimp[23]-plugin-dir=//p" "$work/options.txt"); do
      mkdir -p "$folder/cyclegan" && : >"$folder/cyclegan/cyclegan"
      printf "%s\n" "$folder/cyclegan/cyclegan" >>build-install/meson-logs/install-log.txt
    done ;;
esac'

n=0
status=0
# is NAME COMMAND...: one test
is ()
{
  n=$((n + 1))
  name=$1
  shift
  if "$@"; then
    echo "ok $n - $name"
  else
    sed 's/^/# /' "$work/said.txt"
    echo "not ok $n - $name"
    status=1
  fi
}

install ()
{
  rm -rf "$work/tree/build-install"
  "$work/tree/bootstrap" install >"$work/said.txt" 2>&1
}

says ()
{
  install && grep -q "$1" "$work/said.txt"
}

says_nothing_of ()
{
  install && ! grep -q "$1" "$work/said.txt"
}

has_plug_ins ()
{
  install && test -f "$HOME/.config/GIMP/2.10/plug-ins/cyclegan/libcyclegan.so.0" &&
    test -f "$HOME/.config/GIMP/3.2/plug-ins/cyclegan/libcyclegan.so.0"
}

leaves_nothing ()
{
  install && "$work/tree/bootstrap" uninstall >"$work/said.txt" 2>&1 && ! find "$HOME" -type f | grep .
}

echo 1..7
is "plug-ins are put where each GIMP looks" has_plug_ins
is "no word of Flatpak where there is none" says_nothing_of Flatpak
pretend flatpak 'test "$1 $2" = "info org.gimp.GIMP"'
is "a GIMP that flatpak knows" says 'GIMP from Flatpak: it needs the extension'
pretend flatpak 'exit 1'
mkdir -p "$HOME/.var/app/org.gimp.GIMP"
is "a GIMP from Flatpak that has been used" says 'GIMP from Flatpak: it needs the extension'
if test -d /snap/gimp; then
  n=$((n + 1))
  echo "ok $n - no word of Snap where there is none # SKIP this system has a GIMP from Snap"
else
  is "no word of Snap where there is none" says_nothing_of Snap
fi
mkdir -p "$HOME/snap/gimp"
is "a GIMP from Snap" says 'GIMP from Snap, which takes no plug-ins'
is "nothing is left" leaves_nothing
exit "$status"
