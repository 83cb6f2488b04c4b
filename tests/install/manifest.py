#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# The Flatpak manifest names options and files of a build that nobody makes every day; here they are held against this build's own.
"""Usage: manifest.py SOURCE BUILD. Prints TAP."""

import fnmatch
import json
import os
import re
import sys

SOURCE, BUILD = sys.argv[1:3]
ID = "org.gimp.GIMP.Plugin.CycleGAN"


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


def places(module):
    """Where each file goes below the extension's folder, as the manifest's options have it."""
    prefix = manifest["build-options"]["prefix"]
    options = dict(re.fullmatch(r"-D([^=]+)=(.*)", word).groups() for word in module["config-opts"])
    folders = {"prefix": "", "libdir": "lib", "libdir_shared": "lib", "datadir": "share", "bindir": "bin", "includedir": "include"}
    found = []
    for kind in read(BUILD, "meson-info", "intro-install_plan.json").values():
        for source, plan in kind.items():
            room = os.path.relpath(source, BUILD).split(os.sep)[:2]
            if room[0] == "train" and options["command"] == "false":
                continue
            place = re.sub(r"\{(\w+)\}/?", lambda match: folders[match[1]] + "/", plan["destination"]).lstrip("/")
            if room == ["plugin", "gegl"]:
                place = os.path.relpath(options["gegl-plugin-dir"], prefix) + "/" + os.path.basename(source)
            elif room[0] == "plugin":
                place = os.path.relpath(options["gimp3-plugin-dir"], prefix) + "/cyclegan/" + os.path.basename(source)
            found.append(place)
    return options, found


def test_options():
    known = {option["name"] for option in read(BUILD, "meson-info", "intro-buildoptions.json")}
    assert not set(options) - known, set(options) - known


def test_moved():
    """What the manifest moves beside the plug-in is there to be moved, and what the library looks for beside it is among it."""
    words = [word for command in module["post-install"] if command.startswith("mv ") for word in command.split()[1:]]
    words = [word.replace("${FLATPAK_DEST}/", "") for word in words]
    moved = [word for word in words if not word.endswith("/")]
    for word in moved:
        assert any(fnmatch.fnmatch(place, word + "*") for place in installed), word
    assert {"share/cyclegan", "share/locale", "share/doc"} <= set(moved), moved
    assert {word for word in words if word.endswith("/")} == {"plug-ins/cyclegan/", "plug-ins/cyclegan/share/"}, words


def test_plug_in():
    """GIMP merges the folders of this name of its extensions."""
    if not any(place.startswith("plug-ins/") for place in installed):
        return "no plug-in is built here"
    assert "plug-ins/cyclegan/cyclegan" in installed, installed
    return None


def test_kept():
    """What is needed at run time survives the cleaning."""
    gone = [pattern for pattern in manifest["cleanup"] if pattern.startswith("/")]
    for place in ("share/metainfo/" + ID + ".metainfo.xml", "share/icons/hicolor/scalable/apps/gimp-cyclegan.svg"):
        assert place in installed, place
        assert not any(("/" + place).startswith(pattern + "/") for pattern in gone), place


def test_names():
    assert manifest["id"] == ID and manifest["build-options"]["prefix"] == "/app/extensions/" + ID.rsplit(".", 1)[1]
    with open(os.path.join(SOURCE, "data", ID + ".metainfo.xml.in"), encoding="utf-8") as file:
        text = file.read()
    assert f"<id>{ID}</id>" in text and "<extends>org.gimp.GIMP</extends>" in text


manifest = read(SOURCE, "data", "flatpak", ID + ".json")
module = next(module for module in manifest["modules"] if module["name"] == "gimp-cyclegan")
options, installed = places(module)
tests = [test_options, test_moved, test_plug_in, test_kept, test_names]
failed = False
print(f"1..{len(tests)}")
for number, test in enumerate(tests, 1):
    try:
        skipped = test()
        print(f"ok {number} - {test.__name__[5:]}" + (f" # SKIP {skipped}" if skipped else ""))
    except AssertionError as error:
        failed = True
        print(f"# {error}\nnot ok {number} - {test.__name__[5:]}")
sys.exit(int(failed))
