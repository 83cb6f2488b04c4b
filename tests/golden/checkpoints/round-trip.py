#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Real PyTorch on one side, the command on the other: what goes through both comes back bit for bit and computes the same.
"""Usage: round-trip.py all FOLDER CYCLEGAN LIBCYCLEGAN, or step by step, where PyTorch and the command live on two systems:
round-trip.py make FOLDER                          (PyTorch) checkpoints, inputs and outputs
round-trip.py convert FOLDER CYCLEGAN LIBCYCLEGAN  (neither) imports, exports and applies everything
round-trip.py check FOLDER                         (PyTorch; onnxruntime where it is there) compares; exits 1 at a difference
"""
import ctypes
import pathlib
import subprocess
import sys

import numpy

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

RESNET = dict(kind="resnet", nf=4, n_blocks=3)
UNET = dict(kind="unet", nf=4, n_downs=6)
CASES = {
    "resnet": (RESNET, (64, 96)),
    "resnet-batch": (dict(RESNET, norm="batch"), (32, 40)),
    "resnet-none": (dict(RESNET, norm="none"), (40, 32)),
    "resnet-nine": (dict(RESNET, nf=8, n_blocks=9), (64, 64)),
    "resnet-grey": (dict(RESNET, input_nc=1, output_nc=2), (32, 32)),
    "resize": (dict(RESNET, upsample="resize"), (64, 32)),
    "resize-batch": (dict(RESNET, upsample="resize", norm="batch"), (32, 32)),
    "resize-none": (dict(RESNET, upsample="resize", norm="none"), (32, 32)),
    "unet": (UNET, (64, 128)),
    "unet-batch": (dict(UNET, norm="batch"), (64, 64)),
    "unet-none": (dict(UNET, norm="none"), (128, 64)),
    "unet-128": (dict(UNET, n_downs=7), (128, 128)),
    "n-layers": (dict(kind="n_layers", nf=8), (64, 70)),
    "n-layers-batch": (dict(kind="n_layers", nf=8, norm="batch"), (71, 64)),
    "n-layers-none": (dict(kind="n_layers", nf=4, n_layers=5, norm="none"), (128, 128)),
    "pixel": (dict(kind="pixel", nf=8), (16, 16)),
    "pixel-batch": (dict(kind="pixel", nf=8, norm="batch"), (16, 17)),
}
DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
# Heights and widths at which ONNX is compared as well: dynamic sizes are what it is about.
ONNX_SIZES = {"resnet": [(64, 64), (72, 100), (256, 128)], "unet": [(128, 128), (256, 128), (128, 384)]}
ONNX_TOLERANCE = 1e-4


def variants():
    """(stem, case, dtype, zip format)"""
    for case in CASES:
        for dtype in DTYPES:
            for zip_format in (True, False):
                yield f"{case}-{dtype}-{'zip' if zip_format else 'legacy'}", case, dtype, zip_format


def onnx_sizes(config):
    return ONNX_SIZES.get(config["kind"], [])


# --- make ---


def make(folder):
    import torch

    import networks

    for case, (config, size) in CASES.items():
        random = numpy.random.RandomState(5)
        network = networks.fill(networks.make(config), random).eval()
        x = networks.uniform(random, (1, config.get("input_nc", 3), *size), 1)
        numpy.save(folder / f"{case}-input.npy", x.float().numpy())
        for i, onnx_size in enumerate(onnx_sizes(config)):
            y = networks.uniform(random, (1, config.get("input_nc", 3), *onnx_size), 1)
            numpy.save(folder / f"{case}-onnx-{i}-input.npy", y.float().numpy())
        for dtype, torch_dtype in DTYPES.items():
            # The rounded weights, computed with in float64 (the truth) and in float32 (how far off PyTorch is).
            stored = {name: tensor.to(getattr(torch, torch_dtype)) if tensor.is_floating_point() else tensor
                      for name, tensor in network.state_dict().items()}
            rounded = networks.make(config).eval()
            rounded.load_state_dict({name: tensor.double() for name, tensor in stored.items()})
            with torch.no_grad():
                truth = rounded(x)
                single = rounded.float()(x.float())
            numpy.savez(folder / f"{case}-{dtype}-output.npz", truth=truth.numpy(), e32=float((single - truth).abs().max()))
            for zip_format in (True, False):
                stem = f"{case}-{dtype}-{'zip' if zip_format else 'legacy'}"
                torch.save(stored, folder / f"{stem}.pth", _use_new_zipfile_serialization=zip_format)
    print("made with PyTorch", torch.__version__)


# --- convert ---


class Library:
    """cg_network_apply() through the shared library."""

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        for name, result in (("cg_safetensors_open", ctypes.c_void_p), ("cg_network_new", ctypes.c_void_p)):
            getattr(self.library, name).restype = result

    def apply(self, model, x, shape):
        library, error = self.library, ctypes.c_void_p()
        config = ctypes.create_string_buffer(256)
        file = ctypes.c_void_p(library.cg_safetensors_open(str(model).encode(), ctypes.byref(error)))
        assert library.cg_model_config_from_metadata(file, config, ctypes.byref(error))
        network = ctypes.c_void_p(library.cg_network_new(config, ctypes.byref(error)))
        assert library.cg_model_read_network(file, network, ctypes.byref(error))
        source = numpy.ascontiguousarray(x.transpose(0, 2, 3, 1))
        target = numpy.full((shape[0], shape[2], shape[3], shape[1]), numpy.nan, numpy.float32)
        assert library.cg_network_apply(network, x.shape[0], x.shape[2], x.shape[3], ctypes.c_void_p(source.ctypes.data),
                                        ctypes.c_void_p(target.ctypes.data), 1, ctypes.byref(error))
        library.cg_network_free(network)
        library.cg_safetensors_free(file)
        return target.transpose(0, 3, 1, 2)


def convert(folder, program, library):
    library = Library(library)
    for stem, case, dtype, _ in variants():
        model = folder / f"{stem}.safetensors"
        for arguments in (["import", folder / f"{stem}.pth", "--out", model, "--dtype", dtype],
                          ["export", model, "--out", folder / f"{stem}-again.pth", "--dtype", dtype]):
            subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)
        shape = numpy.load(folder / f"{case}-{dtype}-output.npz")["truth"].shape
        numpy.save(folder / f"{stem}-ours.npy", library.apply(model, numpy.load(folder / f"{case}-input.npy"), shape))
    for case, (config, _) in CASES.items():
        result = subprocess.run([program, "export", folder / f"{case}-f32-zip.safetensors", "--out", folder / f"{case}.onnx"],
                                capture_output=True, text=True)
        if result.returncode == 2:
            print("this build exports no ONNX")
            break
        assert result.returncode == 0, result.stderr


# --- check ---


def bits(tensor):
    import torch

    sizes = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return tensor.contiguous().view(sizes[tensor.element_size()]) if tensor.dim() else tensor


def check_state(stem, folder):
    """The exported state dict has the names, order, types and bits of the one that was imported."""
    import torch

    before = torch.load(folder / f"{stem}.pth", weights_only=True)
    after = torch.load(folder / f"{stem}-again.pth", weights_only=True)
    assert list(before) == list(after), f"{stem}: other names, or in another order"
    for name in before:
        assert before[name].dtype == after[name].dtype and before[name].shape == after[name].shape, f"{stem} {name}"
        assert torch.equal(bits(before[name]), bits(after[name])), f"{stem} {name}: other values"


def check_output(stem, case, dtype, folder):
    golden = numpy.load(folder / f"{case}-{dtype}-output.npz")
    off = float(numpy.abs(numpy.load(folder / f"{stem}-ours.npy") - golden["truth"]).max())
    allowed = min(max(1e-5, 10 * float(golden["e32"])), 5e-4)
    assert off <= allowed, f"{stem}: output off by {off:.2e}, allowed {allowed:.2e}"
    return off


def check_onnx(folder):
    """onnx's own checker, then onnxruntime against PyTorch at sizes that the file does not know."""
    import onnx
    import onnxruntime
    import torch

    import networks

    worst = 0
    for case, (config, size) in CASES.items():
        path = folder / f"{case}.onnx"
        model = onnx.load(str(path))
        onnx.checker.check_model(model, full_check=True)
        assert model.opset_import[0].version == 17
        network = networks.make(config).eval()
        network.load_state_dict(torch.load(folder / f"{case}-f32-zip.pth", weights_only=True))
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        inputs = [f"{case}-input.npy"] + [f"{case}-onnx-{i}-input.npy" for i in range(len(onnx_sizes(config)))]
        for name in inputs:
            x = numpy.load(folder / name)
            with torch.no_grad():
                truth = network.double()(torch.from_numpy(x).double()).numpy()
            y, = session.run(None, {session.get_inputs()[0].name: x})
            assert y.shape == truth.shape, f"{case} {x.shape}: {y.shape}"
            off = float(numpy.abs(y - truth).max())
            worst = max(worst, off)
            assert off <= ONNX_TOLERANCE, f"{case} {x.shape}: off by {off:.2e}"
    print(f"ONNX: {len(CASES)} networks, onnxruntime {onnxruntime.__version__} off by at most {worst:.1e}")


def check(folder):
    import torch

    worst, n = 0, 0
    for stem, case, dtype, _ in variants():
        check_state(stem, folder)
        worst = max(worst, check_output(stem, case, dtype, folder))
        n += 1
    print(f"{n} checkpoints through import and export: the same bits for PyTorch {torch.__version__}; outputs off by at most "
          f"{worst:.1e}")
    if not (folder / "resnet.onnx").exists():
        return
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        print("no onnxruntime here: ONNX files not compared")
        return
    check_onnx(folder)


def main():
    step, folder, rest = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    steps = {"make": make, "convert": convert, "check": check}
    for name, function in steps.items():
        if step in (name, "all"):
            function(folder, *(rest if name == "convert" else []))


main()
