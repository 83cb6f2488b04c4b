#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# ./bootstrap install and uninstall for a user with an empty home: GIMP, gegl and the shell must find what is installed,
# and afterwards nothing may be left. Changes the system (packages), so .ci/full runs it in roots of its own.
set -eu
cd "$(dirname "$0")/../.."

HOME=$(mktemp -d)
export HOME
unset XDG_DATA_HOME XDG_CONFIG_HOME GEGL_PATH CYCLEGAN_MODEL_PATH
trap 'rm -rf "$HOME"' EXIT

fail ()
{
  echo "FAILED: $*"
  exit 1
}

# What GIMP knows of the plug-in: runs it without a window, as its next start would be. Prints TRUE or FALSE.
ask_gimp ()
{
  for gimp in gimp-console-3.0 gimp-console-3 gimp-console-2.10; do
    command -v "$gimp" >/dev/null || continue
    case $gimp in
      *2.10) quit='--batch=(gimp-quit 0)' ;;
      *) quit=--quit ;;
    esac
    # Script-Fu defines a function for each procedure that GIMP's browser of procedures lists.
    "$gimp" -i -d -f --batch-interpreter=plug-in-script-fu-eval --batch='(gimp-message-set-handler 1)' \
      --batch="(gimp-message (if (defined? 'plug-in-cyclegan-translate) \"known: TRUE\" \"known: FALSE\"))" "$quit" </dev/null >"$HOME/gimp.txt" 2>&1 || :
    sed -n 's/.*known: //p' "$HOME/gimp.txt"
    return
  done
}

./bootstrap install
test "$(ask_gimp)" = TRUE || { cat "$HOME/gimp.txt"; fail "GIMP does not know plug-in-cyclegan-translate"; }
grep -A 30 plug-in-cyclegan-translate "$HOME"/.config/GIMP/*/pluginrc | grep -q '<Image>/Filters/Artistic' ||
  fail "the procedure is not in the menu"
for plug_in in "$HOME"/.config/GIMP/*/plug-ins/cyclegan; do
  ldd "$plug_in/cyclegan" | grep -qF "$plug_in/libcyclegan.so.0" || fail "$plug_in does not use the library beside it"
done
gegl --exists cyclegan:translate || fail "gegl does not know the operation"
"$HOME/.local/bin/cyclegan" models | grep -q photo-to-ukiyoe || fail "the command does not find the models"
test -s "$HOME/.local/share/locale/de/LC_MESSAGES/gimp-cyclegan.mo" || fail "the translations are missing"
test -s "$HOME/.local/share/doc/gimp-cyclegan/en/index.html" || fail "the guide is missing"

./bootstrap uninstall
find "$HOME" -iname '*cyclegan*' | grep . && fail "these are left"
find "$HOME" -mindepth 1 -not -path "$HOME/.config/GIMP*" -not -path "$HOME/.cache*" -type f -not -name gimp.txt | grep . &&
  fail "these are left"
test "$(ask_gimp)" = FALSE || fail "GIMP still knows the procedure"
echo "installed, found and removed without a trace"
