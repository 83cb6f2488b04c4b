#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# The rules of the tree that a compiler does not know: one function a rule, so that selftest.py can break each for itself.
"""Usage: check.py TOP [LIBRARY]. Prints TAP, one point a rule; LIBRARY is the built libcyclegan, whose exports are looked at."""

import os
import re
import subprocess
import sys

CODE = (".c", ".h")
SCRIPTS = (".py", ".sh")
PROSE = (".md", ".txt")
MAX_LINES = 500

# What a room may include besides itself: its own row of the table and, downwards, all that those rooms may.
ROOMS = {
    "base": [],
    "tensor": ["base"],
    "kernels": ["base"],
    "layers": ["tensor", "kernels"],
    "losses": ["tensor", "kernels"],
    "optim": ["tensor", "kernels"],
    "nets": ["layers"],
    "step": ["nets", "losses", "optim"],
    "model": ["nets"],
    "infer": ["nets", "model"],
    "quality": ["base"],
}

# Outside headers that only some places may see: (header, where).
OUTSIDE = [
    (r"gegl.*\.h", r"plugin/|train/|tests/(plugin|po|train)/"),
    (r"babl/.*", r"core/infer/|plugin/|train/|tests/(plugin|train)/"),
    (r"(libgimp|gtk|gdk).*", r"plugin/(common|gimp)|tests/plugin/"),
    (r"json-glib/.*", r"core/model/|train/|plugin/common/|tests/"),
    (r"blis(/.*)?\.h", r"core/kernels/|tests/kernels/|tests/bench/"),
    (r"(omp|pthread|threads)\.h", r"core/base/|tests/"),
    (r".*intrin\.h", r".*_[a-z0-9]+\.c$|core/base/cpu"),
    (r"gio/.*", r"core/(model|infer)/|plugin/|train/|tests/"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def walk(top):
    """Paths of all files of the tree, relative and sorted, without what a build or git puts there."""
    paths = []
    for folder, folders, names in os.walk(top):
        relative = os.path.relpath(folder, top)
        folders[:] = sorted(
            name
            for name in folders
            if name not in (".git", "__pycache__", "shared") and not (relative == "." and name.startswith("build"))
        )
        paths += [os.path.normpath(os.path.join(relative, name)) for name in names if not name.endswith(".pyc")]
    return sorted(path for path in paths if path != ".git")


class Tree:
    """The files of one tree, read once. Binary files have no text."""

    def __init__(self, top):
        self.top = top
        self.texts = {}
        for path in walk(top):
            with open(os.path.join(top, path), "rb") as file:
                content = file.read()
            if b"\0" not in content:
                try:
                    self.texts[path] = content.decode()
                except UnicodeDecodeError:
                    pass

    def of(self, suffixes, folder=""):
        return [(path, text) for path, text in self.texts.items() if path.endswith(suffixes) and path.startswith(folder)]

    def sources(self):
        """Everything that people wrote as code, scripts and build files among it."""
        return [
            (path, text)
            for path, text in self.texts.items()
            if path.endswith(CODE + SCRIPTS) or os.path.basename(path) in ("meson.build", "bootstrap", "meson_options.txt")
            or path.startswith(".ci/")
        ]

    def written(self):
        """All text that people wrote, the licences' own words excepted."""
        return [(path, text) for path, text in self.texts.items() if path != "LICENSE"]


def licence_of(path):
    return "GPL-3.0-or-later" if re.match(r"train/|plugin/(common|gimp)", path) else "LGPL-3.0-or-later"


def rule_licence(tree):
    """The SPDX line comes first, or second after '#!', with the licence of the folder."""
    for path, text in tree.sources():
        lines = text.split("\n")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        licence = f"SPDX-License-Identifier: {licence_of(path)}"
        if first != (f"/* {licence} */" if path.endswith(CODE) else f"# {licence}"):
            yield f"{path}: does not begin with {licence}"


def rule_opening(tree):
    """After the licence a comment says what the file is."""
    for path, text in tree.of(CODE + SCRIPTS):
        lines = text.split("\n")
        second = lines[2:3] if lines[0].startswith("#!") else lines[1:2]
        if not second or not re.match(r"/\* \S|# \S", second[0]):
            yield f"{path}: no comment after the licence says what it is"


def reach(room):
    """The rooms that @room may include, itself among them."""
    found = {room}
    for lower in ROOMS.get(room, []):
        found |= reach(lower)
    return found


def room_of(tree, path, name):
    """The file of the tree that #include "name" in @path means, or None."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for candidate in (beside, "core/" + name, os.path.normpath("train/" + name), os.path.normpath("plugin/" + name)):
        if candidate in tree.texts:
            return candidate
    return None


def installed_headers(tree):
    """The headers that the two doors reach."""
    found = set()
    todo = ["core/cyclegan.h", "core/cyclegan-train.h"]
    while todo:
        path = todo.pop()
        if path in found or path not in tree.texts:
            continue
        found.add(path)
        for quote, name in INCLUDE.findall(tree.texts[path]):
            target = room_of(tree, path, name) if quote == '"' else None
            if target:
                todo.append(target)
    return found


def rule_rooms(tree):
    """Rooms include downwards only; the doors are the only way in for everything else."""
    public = installed_headers(tree)
    for path, text in tree.of(CODE):
        parts = path.split("/")
        for quote, name in INCLUDE.findall(text):
            if quote == "<":
                continue
            target = room_of(tree, path, name)
            if target is None:
                continue
            if parts[0] == "core" and len(parts) > 2:
                other = target.split("/")
                if other[0] != "core" or len(other) < 3 or other[1] not in reach(parts[1]):
                    yield f"{path}: may not include {name}"
            elif parts[0] == "plugin" and target.startswith("core/") and name != "cyclegan.h":
                yield f"{path}: includes {name}; cyclegan.h is the only door for a plug-in"
            elif parts[0] == "plugin" and target.startswith("train/"):
                yield f"{path}: may not include {name}"
            elif parts[0] == "train" and target.startswith("core/") and target not in public:
                yield f"{path}: includes {name}, which no door reaches"
            elif parts[0] == "train" and target.startswith("plugin/"):
                yield f"{path}: may not include {name}"
            elif parts[:2] == ["tests", "outside"] and name not in ("cyclegan.h", "cyclegan-train.h"):
                yield f"{path}: an outside program knows the doors only, not {name}"


def rule_outside(tree):
    """Other libraries stay in the rooms that are there for them."""
    for path, text in tree.of(CODE):
        for quote, name in INCLUDE.findall(text):
            for header, places in OUTSIDE:
                if quote == "<" and re.fullmatch(header, name) and not re.match(places, path):
                    yield f"{path}: may not include <{name}>"
        if path.startswith(("core/base/", "core/tensor/", "core/kernels/")):
            for quote, name in INCLUDE.findall(text):
                if quote == "<" and "/" in name and not re.match(r"(glib|sys|linux)/", name):
                    yield f"{path}: may not include <{name}>"


def rule_installed(tree):
    """core/meson.build installs just what the doors reach."""
    text = tree.texts.get("core/meson.build", "")
    match = re.search(r"core_headers = \[(.*?)\]", text, re.DOTALL)
    listed = {"core/" + name for name in re.findall(r"'([^']+)'", match[1])} if match else set()
    for path in sorted(installed_headers(tree) - listed):
        yield f"{path}: reached by a door, but not installed"
    for path in sorted(listed - installed_headers(tree)):
        yield f"{path}: installed, but no door reaches it"


def rule_length(tree):
    """A file over 500 lines says why."""
    for path, text in tree.of(CODE + SCRIPTS):
        lines = text.count("\n")
        if lines > MAX_LINES and f"Over {MAX_LINES} lines because" not in text:
            yield f"{path}: {lines} lines, and no line 'Over {MAX_LINES} lines because ...'"


def rule_unfinished(tree):
    """Nothing is left for later in a comment."""
    marks = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    for path, text in tree.written():
        for number, line in enumerate(text.split("\n"), 1):
            if marks.search(line):
                yield f"{path}:{number}: unfinished: {line.strip()}"


# A tree that others can build names no machine: folders that exist on one computer only, package mirrors, private hosts.
FOREIGN = [
    re.compile(r"(?<![\w.$}*/-])/(?:home|root|work|tmp|srv|mnt|media|Users)/\w"),
    re.compile(r"\b(?:deb|ftp|security|snapshot|registry|mirrors?|proxy|pypi|artifacts?|artifactory|nexus)\.[a-z0-9-]+\.[a-z]{2,}\b"),
    re.compile(r"\b(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\b"),
    re.compile(r"\bhttps?://(?:localhost|[^/\s.]+(?:[/:\s]|$)|[^/\s]+\.(?:local|internal|lan|corp)\b)"),
]


def rule_places(tree):
    """No folder or host of somebody's machine, no package mirror."""
    for path, text in tree.written():
        for number, line in enumerate(text.split("\n"), 1):
            if any(pattern.search(line) for pattern in FOREIGN):
                yield f"{path}:{number}: names a place that others do not have: {line.strip()}"


def rule_blanks(tree):
    """No tabs, no blanks at a line's end, one line feed at the end of a file."""
    for path, text in tree.written():
        if not (path.endswith(CODE + SCRIPTS + PROSE + (".build",)) or path == "bootstrap" or path.startswith(".ci/")):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                yield f"{path}:{number}: a tab"
            if line != line.rstrip():
                yield f"{path}:{number}: blanks at the end"
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{path}: does not end with one line feed"


FUNCTION = re.compile(r"^(?P<what>[A-Za-z_][\w \t*]*?[ *]+)(?P<name>cg_\w+) \(", re.MULTILINE)


def declarations(text):
    """(name, whether CG_PUBLIC, line number) of every function that a header declares; inline ones are their own."""
    for match in FUNCTION.finditer(text):
        what = match["what"]
        if "inline" not in what and "typedef" not in what and "return" not in what.split():
            yield match["name"], what.split()[0], text.count("\n", 0, match.start())


def rule_public(tree):
    """Installed headers mark each function CG_PUBLIC or CG_INTERNAL; others export nothing."""
    public = installed_headers(tree)
    for path, text in tree.of((".h",), "core/"):
        for name, mark, _ in declarations(text):
            if path in public and mark not in ("CG_PUBLIC", "CG_INTERNAL"):
                yield f"{path}: {name} is neither CG_PUBLIC nor CG_INTERNAL"
            if path not in public and mark == "CG_PUBLIC":
                yield f"{path}: {name} is CG_PUBLIC, but the header is not installed"


def rule_docstrings(tree):
    """A comment stands over each public function, or over the unbroken group it is in, or behind it."""
    for path in sorted(installed_headers(tree)):
        lines = tree.texts[path].split("\n")
        for name, mark, number in declarations(tree.texts[path]):
            if mark != "CG_PUBLIC":
                continue
            end = number
            while ";" not in lines[end]:
                end += 1
            start = number
            while start > 0 and lines[start - 1].strip() and not lines[start - 1].startswith("typedef"):
                start -= 1
            if "*/" not in "\n".join(lines[start : end + 1]):
                yield f"{path}:{number + 1}: nothing is said about {name}"


def rule_exports(tree, library):
    """The library shows just the functions that are CG_PUBLIC in an installed header."""
    output = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    shown = {line.split()[-1].split("@")[0] for line in output.splitlines() if line.strip()}
    promised = {
        name for path in installed_headers(tree) for name, mark, _ in declarations(tree.texts[path]) if mark == "CG_PUBLIC"
    }
    for name in sorted(shown - promised):
        yield f"{os.path.basename(library)}: exports {name}, which no installed header declares CG_PUBLIC"
    for name in sorted(promised - shown):
        yield f"{os.path.basename(library)}: does not export {name}"


RULES = [
    rule_licence,
    rule_opening,
    rule_rooms,
    rule_outside,
    rule_installed,
    rule_length,
    rule_unfinished,
    rule_places,
    rule_blanks,
    rule_public,
    rule_docstrings,
]


def main():
    tree = Tree(sys.argv[1])
    rules = [(rule.__name__[5:], rule(tree)) for rule in RULES]
    if len(sys.argv) > 2:
        rules.append(("exports", rule_exports(tree, sys.argv[2])))
    print(f"1..{len(rules)}")
    failed = False
    for number, (name, complaints) in enumerate(rules, 1):
        complaints = list(complaints)
        for complaint in complaints:
            print(complaint, file=sys.stderr)
        print(f"{'not ' if complaints else ''}ok {number} - {name}")
        failed |= bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
