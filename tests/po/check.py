#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# The translations: whole, fitting the sources, and really what the programs answer. One function a point.
"""Usage: check.py TOP            what can be said without building
       check.py TOP current      whether they translate the sources as they are now
       check.py TOP answers CATALOGUES COMMAND OPERATION-WORDS
Prints TAP, one point a function."""

import os
import re
import subprocess
import sys
import tempfile

MARK = re.compile(r'(?<![\w"])(?:_|N_|C_|NC_|g_dngettext|ngettext|gettext) \(')
DIRECTIVE = re.compile(r"%(?:\d+\$)?[-+#0]*[\d*]*(?:\.(?:\d+|\*))?(?:<\w+>|hh|h|ll|l|z|t|j)?[diouxXeEfgGcsp%]")
KEYWORDS = ["_", "N_", "C_:1c,2", "NC_:1c,2", "ngettext:1,2", "g_dngettext:2,3"]


def run(arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, **options)


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


def listed(top, name):
    """The words of one of the lists in po/, without comments."""
    lines = [line.split("#")[0].strip() for line in read(top, os.path.join("po", name)).splitlines()]
    return [line for line in lines if line]


def languages(top):
    return listed(top, "LINGUAS")


def messages(text):
    """(flags, msgid, msgstr) of each message but the header, as they stand in the file, and one for each of its plural
    forms; obsolete ones are left out."""
    for block in re.split(r"\n\s*\n", text):
        fields, name = {}, None
        for line in block.strip().split("\n"):
            match = re.match(r'(?:(msg\w+(?:\[\d\])?)\s+)?"(.*)"$', line)
            if match:
                name = match[1] or name
                fields[name] = fields.get(name, "") + match[2]
        flags = " ".join(line for line in block.split("\n") if line.startswith("#,"))
        if fields.get("msgid"):
            for name, translation in fields.items():
                if name.startswith("msgstr"):
                    yield flags, fields["msgid"], translation


def all_messages(top):
    for language in languages(top):
        for message in messages(read(top, f"po/{language}.po")):
            yield (language,) + message


def check_languages(top):
    """Each language that is listed has a file, and the other way round."""
    files = {name[:-3] for name in os.listdir(os.path.join(top, "po")) if name.endswith(".po")}
    for language in files ^ set(languages(top)):
        yield f"{language}: either not in po/LINGUAS or without a file"


def check_potfiles(top):
    """Every file with translatable text is listed, and nothing else."""
    found = set()
    for room in ("core", "plugin", "train"):
        for folder, _, names in os.walk(os.path.join(top, room)):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), top)
                if name.endswith((".c", ".h")) and MARK.search(read(top, path)):
                    found.add(path)
    sources = {path for path in listed(top, "POTFILES.in") if path.endswith((".c", ".h"))}
    for path in sorted(found - sources):
        yield f"{path}: has translatable text and is not in po/POTFILES.in"
    for path in sorted(sources - found):
        yield f"{path}: is in po/POTFILES.in and has no translatable text"


def check_macros(top):
    """No message is put together with a macro of GLib, which xgettext does not know; PRId64 it does."""
    for path in listed(top, "POTFILES.in"):
        for match in re.finditer(r'\bN?_ \((?:\s*"[^"\n]*")+\s*G_G\w+_FORMAT', read(top, path)):
            yield f"{path}: xgettext ends this message before its macro: {match[0]}"


def check_msgfmt(top):
    """msgfmt finds no fault: headers, encodings, formats of C."""
    for language in languages(top):
        result = run(["msgfmt", "--check", "-o", os.devnull, f"po/{language}.po"], cwd=top)
        if result.returncode:
            yield f"{language}: {result.stderr.strip()}"


def check_whole(top):
    """Nothing is untranslated, nothing fuzzy."""
    for language, flags, original, translation in all_messages(top):
        if "fuzzy" in flags:
            yield f"{language}: fuzzy: {original}"
        if not translation:
            yield f"{language}: not translated: {original}"


def check_formats(top):
    """A translation takes the same arguments as its original, also where no c-format flag makes msgfmt look."""
    for language, _, original, translation in all_messages(top):
        wanted, given = (sorted(re.sub(r"\d+\$", "", word) for word in DIRECTIVE.findall(text)) for text in (original, translation))
        # A percent sign that stands for itself may be followed by anything.
        if translation and wanted != given and "(%)" not in original:
            yield f"{language}: {given} instead of {wanted}: {original}"


def check_shape(top):
    """Blanks and line feeds at both ends, mnemonics and ellipses stay: dialogs and the command's columns depend on them."""
    for language, _, original, translation in all_messages(top):
        if not translation:
            continue
        for pattern in (r"^(?:\\n| )*", r"(?:\\n| )*$"):
            if re.search(pattern, original)[0] != re.search(pattern, translation)[0] and not language.startswith(("zh", "ja")):
                yield f"{language}: other blanks at an end: {original}"
        if ("\\n" in original[-2:]) != ("\\n" in translation[-2:]):
            yield f"{language}: line feed at the end: {original}"
        # An underscore before a letter that nothing but a word's beginning or inside a short label can be.
        if re.fullmatch(r"[\w ]*_?[\w/ ().%…:]+", original) and len(original) < 40 and original.count("_") == 1:
            if re.search(r"(?:^|[ (]|[A-Za-z])_[A-Za-z]", original) and not re.search(r"[a-z]_[a-z]+(?:_| \()", original):
                if translation.count("_") != 1:
                    yield f"{language}: no mnemonic: {original}"
        if original.endswith("…") and not translation.endswith(("…", "...")):
            yield f"{language}: no ellipsis: {original}"


# What stands in the dialog at once. "Stop" takes the place of "Preview" on the same button.
DIALOG = r"#:.*plugin/(?:common/(?:controls|dialog|model-view|preview)|gimp2/window)\.c"


def check_mnemonics(top):
    """Each control of the dialog has a letter of its own."""
    for language in languages(top):
        letters = {}
        for block in re.split(r"\n\s*\n", read(top, f"po/{language}.po")):
            for _, original, translation in messages(block) if re.search(DIALOG, block) else []:
                mark = re.search(r"_(\w)", translation)
                if mark and len(original) < 40 and re.search(r"(?:^|[A-Za-z ])_[A-Za-z]", original) and original != "Sto_p":
                    if mark[1].lower() in letters:
                        yield f"{language}: one letter for “{letters[mark[1].lower()]}” and “{original}”"
                    letters[mark[1].lower()] = original


def check_current(top):
    """Every message of the sources is in every language."""
    with tempfile.TemporaryDirectory() as folder:
        template = os.path.join(folder, "current.pot")
        arguments = ["xgettext", "--from-code=UTF-8", "--files-from=po/POTFILES.in", f"--output={template}", "--language=C"]
        sources = os.path.join(folder, "files")
        with open(sources, "w", encoding="utf-8") as file:
            file.write("\n".join(path for path in listed(top, "POTFILES.in") if path.endswith((".c", ".h"))))
        arguments[2] = f"--files-from={sources}"
        result = run(arguments + [f"--keyword={word}" for word in KEYWORDS], cwd=top)
        if result.returncode:
            yield result.stderr
            return
        with open(template, encoding="utf-8") as file:
            wanted = {original for _, original, _ in messages(file.read())}
    for language in languages(top):
        have = {original for _, original, _ in messages(read(top, f"po/{language}.po"))}
        for original in sorted(wanted - have):
            yield f"{language}: a message of the sources is missing: {original}"


class Answers:
    """Programs run in locales that are made for the purpose."""

    LOCALES = {"de": "de_DE", "zh_CN": "zh_CN"}

    def __init__(self, top, catalogues, command, words, folder):
        self.top, self.command, self.words, self.folder = top, command, words, folder
        self.environment = dict(os.environ, LOCPATH=folder, CG_LOCALE_DIR=catalogues)
        self.environment.pop("LANGUAGE", None)
        for locale in self.LOCALES.values():
            subprocess.run(["localedef", "-i", locale, "-f", "UTF-8", os.path.join(folder, locale + ".UTF-8")],
                           check=True, stderr=subprocess.DEVNULL)

    def ask(self, language, *arguments):
        environment = dict(self.environment, LC_ALL=self.LOCALES[language] + ".UTF-8" if language else "C.UTF-8")
        result = run(list(arguments), env=environment)
        return result.stdout + result.stderr

    def translation(self, language, original):
        for _, candidate, translation in messages(read(self.top, f"po/{language}.po")):
            if candidate == original:
                return translation
        raise KeyError(original)

    def check_help(self):
        """The command's own words."""
        original = "train two generators on two folders of images"
        if original not in self.ask(None, self.command, "--help"):
            yield "C: no English help"
        for language in self.LOCALES:
            if self.translation(language, original) not in self.ask(language, self.command, "--help"):
                yield f"{language}: --help does not say: {self.translation(language, original)}"

    def check_error(self):
        """An error that comes from the library, with what it names."""
        for language in self.LOCALES:
            words = self.translation(language, "%s: found no installed model of this name, expected one of: %s "
                                     "(searched: %s; a path has a “/” in it)").split("%s")
            answer = self.ask(language, self.command, "info", "no-such-model")
            if not all(word in answer for word in words) or "no-such-model" not in answer:
                yield f"{language}: {answer}"

    def check_numbers(self):
        """What machines read keeps the decimal point."""
        for language in self.LOCALES:
            answer = self.ask(language, self.command, "train", "--print-config", "--lr", "0.25")
            if '"lr" : 0.25' not in answer:
                yield f"{language}: {answer}"

    def check_operation(self):
        """The names of the operation and its properties, which are looked up while GEGL loads it."""
        for language in self.LOCALES:
            answer = self.ask(language, self.words)
            for original in ("Translate with CycleGAN", "Strength"):
                if self.translation(language, original) not in answer.split("\n"):
                    yield f"{language}: no {self.translation(language, original)} in: {answer}"


def report(points):
    print(f"1..{len(points)}")
    failed = False
    for number, (name, complaints) in enumerate(points, 1):
        complaints = list(complaints)
        for complaint in complaints:
            print(complaint, file=sys.stderr)
        print(f"{'not ' if complaints else ''}ok {number} - {name}")
        failed |= bool(complaints)
    return 1 if failed else 0


def main():
    top = sys.argv[1]
    if len(sys.argv) == 2:
        checks = [check_languages, check_potfiles, check_macros, check_msgfmt, check_whole, check_formats, check_shape, check_mnemonics]
        return report([(check.__name__[6:], check(top)) for check in checks])
    if sys.argv[2] == "current":
        return report([("current", check_current(top))])
    if not os.path.exists("/usr/share/i18n/locales/de_DE"):
        print("1..0 # SKIP no sources of locales to make German and Chinese from (Debian: package locales)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        answers = Answers(top, *sys.argv[3:], folder)
        names = ["check_help", "check_error", "check_numbers", "check_operation"]
        return report([(name[6:], getattr(answers, name)()) for name in names])


if __name__ == "__main__":
    sys.exit(main())
