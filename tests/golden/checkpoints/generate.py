#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Writes checkpoints as PyTorch users have them, small enough to be kept: both formats, every network, the usual wrappings.
#
# Usage: generate.py [folder]   (Debian's python3-torch; the tests themselves never need it)
#
# Element i of tensor k is (37 k + 11 i) mod 251 - 125, over 256: exact in every format that stores it, so tests can know it.
import collections
import pathlib
import struct
import sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import networks  # noqa: E402

RESNET = dict(kind="resnet", nf=1, n_blocks=1)
UNET = dict(kind="unet", nf=1, n_downs=5)


def make(config, dropout=False):
    """The network in float32, its parameters and buffers numbered as get_state() does."""
    network = networks.make(config).float()
    if dropout:
        for module in network.modules():
            if isinstance(module, networks.ResnetBlock):
                module.conv_block.insert(4, nn.Dropout(0.5))
    with torch.no_grad():
        for k, (_, tensor) in enumerate(networks.get_state(network)):
            i = torch.arange(tensor.numel())
            tensor.copy_((((37 * k + 11 * i) % 251 - 125) / 256).reshape(tensor.shape))
    return network


def with_strides(state):
    """Every weight lies in memory in another order than its indices."""
    return collections.OrderedDict(
        (name, tensor.transpose(0, -1).contiguous().transpose(0, -1) if tensor.dim() > 1 else tensor)
        for name, tensor in state.items())


def with_shared_storage(state):
    """All tensors are views of one storage, as where a framework keeps its parameters flat."""
    flat = torch.cat([tensor.flatten() for tensor in state.values()])
    views, at = collections.OrderedDict(), 0
    for name, tensor in state.items():
        views[name] = flat[at:at + tensor.numel()].view(tensor.shape)
        at += tensor.numel()
    return views


def with_old_statistics(state):
    """Instance norm kept running statistics before PyTorch 0.4; a norm follows each biased convolution but the last."""
    old = collections.OrderedDict()
    names = [name for name in state if name.endswith(".bias")]
    for name, tensor in state.items():
        old[name] = tensor
        if name in names[:-1]:
            module, number = name[:-len(".bias")].rsplit(".", 1)
            for buffer in ("running_mean", "running_var"):
                old[f"{module}.{int(number) + 1}.{buffer}"] = torch.ones(len(tensor))
    return old


def without_checksums(path):
    """As torch.serialization.set_crc32_options(False) of PyTorch 2.6 leaves them: 0 in descriptors and directory."""
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\1\2")
    while content[at:at + 4] == b"PK\1\2":
        checksum = bytes(content[at + 16:at + 20])
        descriptor = content.index(b"PK\7\x08" + checksum) + 4
        content[at + 16:at + 20] = content[descriptor:descriptor + 4] = bytes(4)
        at += 46 + sum(struct.unpack_from("<3H", content, at + 28))
    path.write_bytes(content)


def train_once(network):
    """A checkpoint of a run: epoch, weights, and Adam's state, whose tensors are no weights."""
    optimiser = torch.optim.Adam(network.parameters(), lr=0.0)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    return {"epoch": 3, "loss": 0.25, "state_dict": network.state_dict(), "optimizer": optimiser.state_dict()}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE

    def save(name, value, zip_format=True):
        torch.save(value, folder / f"{name}.pth", _use_new_zipfile_serialization=zip_format)

    resnet = make(RESNET)
    save("resnet-zip", resnet.state_dict())
    save("resnet-no-checksums-zip", resnet.state_dict())
    without_checksums(folder / "resnet-no-checksums-zip.pth")
    save("resnet-legacy", resnet.state_dict(), False)
    save("resnet-none-legacy", make(dict(RESNET, norm="none")).state_dict(), False)
    save("resnet-batch-zip", make(dict(RESNET, norm="batch")).state_dict())
    save("resnet-dropout-legacy", make(RESNET, dropout=True).state_dict(), False)
    save("resnet-resize-zip", make(dict(RESNET, upsample="resize", n_blocks=2, input_nc=1)).state_dict())
    save("resnet-f16-zip", make(RESNET).half().state_dict())
    save("resnet-bf16-legacy", make(RESNET).bfloat16().state_dict(), False)
    save("resnet-f64-legacy", make(RESNET).double().state_dict(), False)
    save("resnet-strides-zip", with_strides(resnet.state_dict()))
    save("resnet-shared-legacy", with_shared_storage(resnet.state_dict()), False)
    save("resnet-old-statistics-legacy", with_old_statistics(resnet.state_dict()), False)
    save("resnet-parallel-zip", nn.DataParallel(resnet).state_dict())
    save("resnet-parameters-legacy", dict(resnet.named_parameters()), False)
    save("run-zip", train_once(resnet))
    save("two-networks-legacy", {"G_A": make(RESNET).state_dict(), "G_B": make(dict(RESNET, n_blocks=0)).state_dict()}, False)
    save("both-in-one-zip", nn.ModuleDict({"G_A": make(RESNET), "G_B": make(dict(RESNET, n_blocks=0))}).state_dict())
    save("unet-f16-legacy", make(UNET).half().state_dict(), False)
    save("unet-batch-f16-zip", make(dict(UNET, norm="batch")).half().state_dict())
    save("n-layers-legacy", make(dict(kind="n_layers", nf=1, n_layers=2)).state_dict(), False)
    save("pixel-batch-zip", make(dict(kind="pixel", nf=2, norm="batch")).state_dict())
    save("only-a-tensor-zip", torch.zeros(2))


main()
