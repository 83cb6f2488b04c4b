#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Proves that every rule of check.py can fail: a small tree without fault is broken in one way at a time.
"""Usage: selftest.py [C COMPILER...]. Prints TAP, one point a breakage."""

import os
import subprocess
import sys
import tempfile

import check

LGPL = "/* SPDX-License-Identifier: LGPL-3.0-or-later */\n"
GPL = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"

CLEAN = {
    "core/cyclegan.h": LGPL + '/* The door. */\n#include "base/error.h"\n',
    "core/cyclegan-train.h": LGPL + '/* The other door. */\n#include "cyclegan.h"\n#include "nets/network.h"\n',
    "core/base/error.h": LGPL + "/* Errors. */\n#include <glib.h>\n\n/* The domain. */\nCG_PUBLIC GQuark cg_error_quark (void);\n",
    "core/nets/network.h": LGPL
    + '/* A network. */\n#include "base/error.h"\n\nCG_INTERNAL int cg_network_count (void);\n\n'
    + "/* Ends it. */\nCG_PUBLIC void cg_network_free (int *network,\n                                int why);\n",
    "core/nets/pass.h": LGPL + "/* Not for outside. */\nint cg_pass_count (void);\n",
    "core/nets/network.c": LGPL + '/* A network. */\n#include "nets/network.h"\n#include "layers/layer.h"\n',
    "core/layers/layer.h": LGPL + '/* A layer. */\n#include "kernels/kernels.h"\n',
    "core/kernels/kernels.h": LGPL + '/* Arithmetic. */\n#include <glib.h>\n#include "base/error.h"\n',
    "core/kernels/gemm_avx2.c": LGPL + "/* Products with AVX2. */\n#include <immintrin.h>\n",
    "core/losses/l1-loss.h": LGPL + "/* A loss. */\n",
    "core/model/model.c": LGPL + '/* A model. */\n#include <json-glib/json-glib.h>\n#include "nets/network.h"\n',
    "core/meson.build": "# SPDX-License-Identifier: LGPL-3.0-or-later\ncore_headers = [\n  'cyclegan.h',\n  'cyclegan-train.h',\n"
    "  'base/error.h',\n  'nets/network.h',\n]\n",
    "plugin/gegl/op.c": LGPL + '/* The operation. */\n#include <gegl.h>\n#include "cyclegan.h"\n',
    "train/main.c": GPL + '/* The command. */\n#include "cyclegan-train.h"\n#include "dataset.h"\n',
    "train/dataset.h": GPL + "/* A data set. */\n",
    "tests/outside/outside.c": LGPL + "/* A stranger. */\n#include <cyclegan.h>\n",
    "bootstrap": "#!/bin/sh\n# SPDX-License-Identifier: LGPL-3.0-or-later\n# Begins.\necho /usr/share\n",
    "README.md": "Words, and a [link](https://arxiv.org/abs/1703.10593).\n",
    "LICENSE": "\tAs others wrote it.  \n\n",
}

# (rule, file, what replaces its text); a function is given the clean text.
BREAKAGES = [
    ("licence", "train/main.c", lambda text: text.replace("GPL", "LGPL")),
    ("licence", "core/base/error.h", lambda text: text.replace("LGPL", "GPL")),
    ("licence", "plugin/gimp3/shell.c", LGPL + "/* A shell. */\n"),
    ("licence", "bootstrap", "#!/bin/sh\necho\n"),
    ("licence", "core/meson.build", lambda text: text.split("\n", 1)[1]),
    ("opening", "train/dataset.h", GPL + "int a;\n"),
    ("opening", "tests/a.py", "#!/usr/bin/env python3\n# SPDX-License-Identifier: LGPL-3.0-or-later\nimport os\n"),
    ("rooms", "core/kernels/gemm_avx2.c", lambda text: text + '#include "nets/network.h"\n'),
    ("rooms", "core/base/error.c", LGPL + '/* Errors. */\n#include "kernels/kernels.h"\n'),
    ("rooms", "core/nets/network.c", lambda text: text + '#include "losses/l1-loss.h"\n'),
    ("rooms", "core/nets/network.c", lambda text: text + '#include "../losses/l1-loss.h"\n'),
    ("rooms", "core/nets/network.c", lambda text: text + '#include "cyclegan.h"\n'),
    ("rooms", "plugin/gegl/op.c", lambda text: text + '#include "nets/network.h"\n'),
    ("rooms", "plugin/gegl/op.c", lambda text: text + '#include "cyclegan-train.h"\n'),
    ("rooms", "plugin/gegl/op.c", lambda text: text + '#include "../../train/dataset.h"\n'),
    ("rooms", "train/main.c", lambda text: text + '#include "nets/pass.h"\n'),
    ("rooms", "tests/outside/outside.c", lambda text: text + '#include "nets/network.h"\n'),
    ("rooms", "core/newroom/a.c", LGPL + '/* A room that the table does not know. */\n#include "base/error.h"\n'),
    ("outside", "core/nets/network.c", lambda text: text + "#include <gegl.h>\n"),
    ("outside", "core/nets/network.c", lambda text: text + "#include <omp.h>\n"),
    ("outside", "core/layers/layer.c", LGPL + "/* A layer. */\n#include <blis.h>\n"),
    ("outside", "core/kernels/gemm.c", LGPL + "/* Products. */\n#include <immintrin.h>\n"),
    ("outside", "core/base/error.h", lambda text: text + "#include <gio/gio.h>\n"),
    ("outside", "core/kernels/kernels.h", lambda text: text + "#include <json-glib/json-glib.h>\n"),
    ("installed", "core/meson.build", lambda text: text.replace("  'nets/network.h',\n", "")),
    ("installed", "core/meson.build", lambda text: text.replace("  'nets/network.h',\n", "  'nets/network.h',\n  'nets/pass.h',\n")),
    ("length", "train/dataset.h", GPL + "/* Long. */\n" + "int a;\n" * 499),
    ("unfinished", "train/dataset.h", GPL + "/* TO" "DO: the rest. */\n"),
    ("unfinished", "README.md", "FIX" "ME\n"),
    ("places", "README.md", "Look into /ho" "me/somebody/build.\n"),
    ("places", "bootstrap", lambda text: text + "cp a /t" "mp/a\n"),
    ("places", "README.md", "From de" "b.example.org, the pool.\n"),
    ("places", "README.md", "At 192.1" "68.1.7.\n"),
    ("places", "README.md", "At http:/" "/builder/page.\n"),
    ("blanks", "train/dataset.h", GPL + "/* Blank. */ \n"),
    ("blanks", "train/dataset.h", GPL + "/* Tab. */\n\tint a;\n"),
    ("blanks", "train/dataset.h", GPL + "/* No end. */"),
    ("blanks", "README.md", "Two ends.\n\n"),
    ("public", "core/base/error.h", lambda text: text + "\n/* Says. */\nint cg_error_count (void);\n"),
    ("public", "core/nets/pass.h", lambda text: text.replace("int cg_pass", "CG_PUBLIC int cg_pass")),
    ("docstrings", "core/base/error.h", lambda text: text + "\nCG_PUBLIC int cg_error_count (void);\n"),
]


def write(top, files):
    for path, text in files.items():
        full = os.path.join(top, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def broken_rules(files):
    """The names of the rules that complain about a tree of @files."""
    with tempfile.TemporaryDirectory() as top:
        write(top, files)
        tree = check.Tree(top)
        return {rule.__name__[5:] for rule in check.RULES if list(rule(tree))}


def exports(compiler, code):
    """What the rule about exports says of a library made from @code."""
    with tempfile.TemporaryDirectory() as top:
        write(top, CLEAN)
        write(top, {"library.c": code})
        library = os.path.join(top, "library.so")
        subprocess.run([*compiler, "-shared", "-fPIC", "-o", library, os.path.join(top, "library.c")], check=True)
        return list(check.rule_exports(check.Tree(top), library))


def main():
    compiler = sys.argv[1:] or ["cc"]
    both = "int cg_error_quark (void) { return 1; }\nvoid cg_network_free (void) {}\n"
    cases = [("the clean tree", broken_rules(CLEAN) == set())]
    long = GPL + f"/* Over {check.MAX_LINES} lines because it is a table. */\n" + "int a;\n" * 600
    cases.append(("a long file that says why", broken_rules({**CLEAN, "train/dataset.h": long}) == set()))
    cases.append(("a binary file", broken_rules({**CLEAN, "data/model.bin": "\0\tTO" "DO \n\n"}) == set()))
    cases.append(("a file that a build made", broken_rules({**CLEAN, "build-test/a.c": "int a;\n"}) == set()))
    for rule, path, change in BREAKAGES:
        text = change(CLEAN[path]) if callable(change) else change
        found = broken_rules({**CLEAN, path: text})
        cases.append((f"{rule} in {path}{'' if found == {rule} else ': found ' + ', '.join(sorted(found))}", found == {rule}))
    cases.append(("just the promised exports", exports(compiler, both) == []))
    cases.append(("an export too many", len(exports(compiler, both + "int cg_leak (void) { return 1; }\n")) == 1))
    cases.append(("an export too few", len(exports(compiler, both.replace("void cg_network_free", "static void cg_gone"))) == 1))
    untested = {rule.__name__[5:] for rule in check.RULES} - {rule for rule, _, _ in BREAKAGES}
    cases.append((f"every rule is broken at least once {sorted(untested) or ''}", not untested))

    print(f"1..{len(cases)}")
    for number, (name, good) in enumerate(cases, 1):
        print(f"{'' if good else 'not '}ok {number} - {name}")
    return 0 if all(good for _, good in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
