#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# The filter in the real GIMP on a display of its own, from the menu to the pixels, by keys as an artist would press them.
"""Usage: gimp-window.py 2|3 GIMP PLUG_IN SYSTEM_PLUG_INS COMMAND CHECKPOINTS [FOLDER FOR SCREENSHOTS]. Prints TAP."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

VERSION = int(sys.argv[1])
GIMP, PLUG_IN, SYSTEM, COMMAND, CHECKPOINTS = (os.path.abspath(path) for path in sys.argv[2:7])
SHOTS = os.path.abspath(sys.argv[7]) if len(sys.argv) > 7 else None
TITLE = "Neural Translation (CycleGAN)"
PATIENCE = 90  # seconds

WORDS = {
    2: """
(define (open-picture name) (car (gimp-file-load RUN-NONINTERACTIVE (path name) name)))
(define (layers image) (vector->list (cadr (gimp-image-get-layers image))))
(define (ask image) (plug-in-cyclegan-translate RUN-INTERACTIVE image (car (gimp-image-get-active-layer image)) "" 0 512 0 0 1 0))
(define (save image name)
  (file-ppm-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image)) (path name) name 1))
(define (top image) (gimp-image-set-active-layer image (car (layers image))))
(define (images) (vector->list (cadr (gimp-image-list))))
""",
    3: """
(define (open-picture name) (car (gimp-file-load RUN-NONINTERACTIVE (path name))))
(define (layers image) (vector->list (car (gimp-image-get-layers image))))
(define (ask image)
  (plug-in-cyclegan-translate #:run-mode RUN-INTERACTIVE #:image image #:drawables (car (gimp-image-get-selected-layers image))))
(define (save image name) (file-ppm-export #:run-mode RUN-NONINTERACTIVE #:image image #:file (path name)))
(define (top image) #t)
(define (images) (vector->list (car (gimp-get-images))))
""",
}

COMMON = """
(define (path name) (string-append folder "/" name))
(define (put name value)
  (let* ((out (open-output-file (path name)))) (display value out) (close-output-port out)))
(define (newest) (apply max (images)))
(define (begin-with name)
  (let* ((image (open-picture name))) (gimp-display-new image) (gimp-image-clean-all image)))
(define (count) (put "layers" (length (layers (newest)))))
(define (asked name image)
  (catch #f (ask image))
  (keep name image))
(define (keep name image)
  (count)
  (let* ((copy (car (gimp-image-duplicate image)))) (top copy) (gimp-image-flatten copy) (save copy name) (gimp-image-delete copy)))
"""


class Failure(Exception):
    pass


def run(*words, **options):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options).stdout


def wait_for(what, condition):
    """Returns what the condition does, once it is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise Failure(f"waited {PATIENCE} s for {what} in vain")


class Session:
    """A display, a window manager, a bus and GIMP, in a home of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.bus = None
        self.n_commands = 0
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            os.environ[name] = folder
        os.environ.update(LC_ALL="C.UTF-8", LANGUAGE="", NO_AT_BRIDGE="1", BABL_PATH_LENGTH="1",
                          CYCLEGAN_MODEL_PATH=folder + "/models", CYCLEGAN_COMMAND=COMMAND)
        os.environ["GIMP2_DIRECTORY"] = os.environ["GIMP3_DIRECTORY"] = folder + "/gimp"
        self.prepare()

    def open(self):
        self.start_display()
        words = run("dbus-daemon", "--session", "--fork", "--print-address=1", "--print-pid=1").split()
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = words[0]
        self.bus = int(words[1])
        wait_for("the window manager", self.start_manager)
        self.start(GIMP, "-n", "-s", "-d", "-f")
        self.main = wait_for("GIMP's window", lambda: self.find("GNU Image Manipulation Program", "GIMP"))
        self.batch("#t")

    def prepare(self):
        os.makedirs(self.folder + "/models")
        os.makedirs(self.folder + "/gimp")
        for plug_in in ("script-fu", "file-pnm"):
            os.makedirs(f"{self.folder}/plug-ins", exist_ok=True)
            os.symlink(f"{SYSTEM}/{plug_in}", f"{self.folder}/plug-ins/{plug_in}")
        os.makedirs(f"{self.folder}/plug-ins/cyclegan")
        os.symlink(PLUG_IN, f"{self.folder}/plug-ins/cyclegan/cyclegan")
        for name, checkpoint in (("first", "resnet-zip.pth"), ("second", "resnet-resize-zip.pth")):
            run(COMMAND, "import", f"{CHECKPOINTS}/{checkpoint}", "--out", f"{self.folder}/models/{name}.safetensors")
        with open(self.folder + "/gimp/gimprc", "w", encoding="ascii") as file:
            file.write(f'(plug-in-path "{self.folder}/plug-ins")\n')
            if VERSION == 3:
                # It welcomes who has never seen this version, and then everyone.
                file.write("(show-welcome-dialog no)\n")
                file.write(f'(config-version "{run(GIMP, "--version").split()[-1]}")\n')
        with open(self.folder + "/words.scm", "w", encoding="ascii") as file:
            file.write(f'(define folder "{self.folder}")' + WORDS[VERSION] + COMMON)
        with open(self.folder + "/photo.ppm", "wb") as file:
            file.write(b"P6\n96 72\n255\n")
            file.write(bytes(v % 256 for y in range(72) for x in range(96) for v in (x * 5 // 2, y * 3, x * y // 9)))

    def start(self, *words, **options):
        with open(self.folder + "/log.txt", "ab") as log:
            process = subprocess.Popen(words, stdout=options.pop("stdout", log), stderr=log, cwd=self.folder, **options)
        self.processes.append(process)
        return process

    def start_display(self):
        process = self.start("Xvfb", "-displayfd", "1", "-screen", "0", "1500x1100x24", "-nolisten", "tcp", "-noreset",
                             stdout=subprocess.PIPE)
        os.environ["DISPLAY"] = ":" + process.stdout.readline().decode().strip()

    def start_manager(self):
        process = self.start("openbox")
        time.sleep(1.0)
        return process.poll() is None

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        if self.bus:
            os.kill(self.bus, signal.SIGTERM)

    def find(self, *titles):
        """The identity of a visible window, or None."""
        for title in titles:
            found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title.replace("(", r"\(").replace(")", r"\)")],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.split()
            if found:
                return found[-1]
        return None

    def send(self, command):
        """Each command has an interpreter of its own, which knows nothing yet. Returns: a file that is there when it is done."""
        self.n_commands += 1
        done = f"done-{self.n_commands}"

        def taken():
            words = f'(load "{self.folder}/words.scm") {command} (put "{done}" 1)'
            process = subprocess.run(
                ["gdbus", "call", "--session", "--timeout", "300", "--dest", "org.gimp.GIMP.UI", "--object-path",
                 "/org/gimp/GIMP/UI", "--method", "org.gimp.GIMP.UI.BatchRun", "plug-in-script-fu-eval", words],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
            return "true" in process.stdout
        # The interpreter may keep its caller waiting, or not.
        sender = threading.Thread(target=wait_for, args=("GIMP to take a command", taken), daemon=True)
        sender.start()
        return done

    def has(self, name):
        return os.path.exists(f"{self.folder}/{name}")

    def batch(self, command):
        done = self.send(command)
        wait_for(command, lambda: self.has(done))

    def keys(self, *keys):
        for key in keys:
            run("xdotool", "key", "--clearmodifiers", key)
            time.sleep(1.0 if key == "alt+r" else 0.2)  # a response of the dialog takes longer than a key

    def shot(self, name):
        """The whole screen as bytes of pixels; also to a file where these are wanted."""
        if SHOTS:
            run("import", "-window", "root", f"{SHOTS}/gimp{VERSION}-{name}.png")
        return subprocess.run(["import", "-window", "root", "-depth", "8", "ppm:-"], stdout=subprocess.PIPE, check=True).stdout

    def read(self, name):
        """Of a picture the pixels, for what GIMP writes before them is its own."""
        with open(f"{self.folder}/{name}", "rb") as file:
            content = file.read()
        return content[-96 * 72 * 3 :] if name.endswith(".ppm") else content

    def dialog(self):
        window = wait_for("the dialog", lambda: self.find(TITLE))
        run("xdotool", "windowactivate", "--sync", window)
        time.sleep(1.0)
        return window

    def ask(self, name, *keys, end="alt+o", before=None):
        """Opens the dialog on a new picture, presses keys, and returns the visible result's pixels and the number of layers."""
        self.batch('(begin-with "photo.ppm")')
        done = self.send(f'(asked "{name}.ppm" (newest))')
        self.dialog()
        self.keys(*keys)
        if before:
            before()
        self.keys(end)
        wait_for("the result", lambda: self.has(done))
        return self.read(f"{name}.ppm"), int(self.read("layers"))


def test_menu(session):
    """Filters > Artistic > Neural Translation, undone by one step, and repeated by Ctrl+F as it was, without a question."""
    session.batch('(begin-with "photo.ppm")')
    window = wait_for("the image's window", lambda: session.find("96x72"))
    run("xdotool", "windowactivate", "--sync", window)
    time.sleep(1.0)
    session.keys("alt+r")
    time.sleep(0.5)
    session.keys("a")
    time.sleep(0.5)
    session.shot("menu")
    session.keys("n")
    session.dialog()
    session.shot("dialog")
    session.keys("alt+a", "Down", "alt+o")
    wait_for("the dialog to close", lambda: not session.find(TITLE))

    def layers(name):
        session.batch(f'(keep "{name}.ppm" (newest))')
        return int(session.read("layers"))
    wait_for("the new layer", lambda: layers("chosen") == 2)
    run("xdotool", "windowactivate", "--sync", window)
    session.keys("ctrl+z")
    wait_for("the undone step", lambda: layers("undone") == 1)
    session.keys("ctrl+f")
    wait_for("the repeated step", lambda: layers("repeated") == 2)
    expect(session.read("undone.ppm") == session.read("photo.ppm"), "the picture as it was")
    expect(session.read("repeated.ppm") == session.read("chosen.ppm") != session.read("undone.ppm"), "the same picture again")


def test_controls(session):
    base, n_layers = session.ask("base", "alt+m", "Home", "space", "alt+r")
    expect(n_layers == 2, "a new layer")
    expect(base != session.read("photo.ppm"), "a translated picture")
    expect(base != session.read("chosen.ppm"), "another picture than that of the last values")
    changes = {
        "every-pixel": ("alt+t", "Down", "Down"),
        "finer": ("alt+t", "Down", "alt+n", "Home"),
        "painterly": ("alt+d", "Home"),
        "colour": ("alt+a", "Down"),
        "light": ("alt+a", "Down", "Down"),
        "weak": ("alt+g", "Left", "Page_Up", "Home", "Right"),
        "second": ("alt+m", "Down"),
    }
    for name, keys in changes.items():
        # Last values stay, so every run begins with Reset, and with the first model.
        result, n_layers = session.ask(name, "alt+m", "Home", "space", "alt+r", *keys)
        expect(result != base, f"{name}: another picture than without it")
    result, n_layers = session.ask("replaced", "alt+m", "Home", "space", "alt+r", "alt+e")
    expect(n_layers == 1, "no new layer")
    expect(result == base, "the same picture, replaced")
    if VERSION == 3:
        result, n_layers = session.ask("live", "alt+m", "Home", "space", "alt+r", "alt+l")
        expect(n_layers == 1, "no new layer")
        expect(max(abs(a - b) for a, b in zip(result, base)) <= 1, "the same picture by a live filter")


def test_reset(session):
    result, n_layers = session.ask("reset", "alt+m", "Home", "space", "alt+g", "Home", "alt+a", "Down", "alt+r")
    expect(n_layers == 2 and result == session.read("base.ppm"), "the picture of the defaults")


def test_cancel(session):
    result, n_layers = session.ask("cancelled", "alt+g", "Home", end="alt+c")
    expect(n_layers == 1 and result == session.read("photo.ppm"), "the picture as it was")


def test_preview(session):
    seen = []

    def preview():
        seen.append(session.shot("before"))
        session.keys("alt+p")
        wait_for("a preview", lambda: n_different(seen[0], session.shot("after")) > 2000)
    result, _ = session.ask("previewed", "alt+m", "Home", "space", "alt+r", before=preview)
    expect(result == session.read("base.ppm"), "the same result as without a preview")


def n_different(a, b):
    return sum(a[i : i + 3] != b[i : i + 3] for i in range(0, min(len(a), len(b)), 3)) if a != b else 0


def expect(condition, what):
    if not condition:
        raise Failure(f"expected {what}")


def main():
    tests = [test_menu, test_controls, test_reset, test_cancel, test_preview]
    failed = False
    print(f"1..{len(tests)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="cyclegan-") as folder:
        session = Session(folder)
        try:
            session.open()
            for number, test in enumerate(tests, 1):
                try:
                    test(session)
                    print(f"ok {number} - {test.__name__[5:]}", flush=True)
                except (Failure, OSError, subprocess.CalledProcessError, ValueError) as error:
                    failed = True
                    print(f"# {error}\nnot ok {number} - {test.__name__[5:]}", flush=True)
                    session.shot("failed-" + test.__name__[5:])
        finally:
            if failed or SHOTS:
                print("".join("# " + line for line in session.read("log.txt").decode(errors="replace").splitlines(True)[-40:]))
            session.stop()
    return int(failed)


sys.exit(main())
