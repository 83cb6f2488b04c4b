# SPDX-License-Identifier: LGPL-3.0-or-later
"""The networks in PyTorch, with the module names of published checkpoints; apart because every golden file is made with them."""
import math

import numpy
import torch
from torch import nn


class ResnetBlock(nn.Module):
    def __init__(self, channels, norm):
        super().__init__()
        bias = norm == "instance"
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), make_norm(norm, channels), nn.ReLU(),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), make_norm(norm, channels))

    def forward(self, x):
        return x + self.conv_block(x)


class Network(nn.Module):
    """One sequence called "model", as all of them are."""

    def __init__(self, layers):
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)


def make_norm(norm, channels):
    return nn.InstanceNorm2d(channels) if norm == "instance" else nn.Identity()


def make_resnet(input_nc=3, output_nc=3, nf=4, n_blocks=1, norm="instance", upsample="transpose"):
    bias = norm == "instance"
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(input_nc, nf, 7, bias=bias), make_norm(norm, nf), nn.ReLU()]
    for k in (2 * nf, 4 * nf):
        layers += [nn.Conv2d(k // 2, k, 3, stride=2, padding=1, bias=bias), make_norm(norm, k), nn.ReLU()]
    layers += [ResnetBlock(4 * nf, norm) for _ in range(n_blocks)]
    for k in (2 * nf, nf):
        if upsample == "resize":
            layers += [nn.Upsample(scale_factor=2, mode="nearest"), nn.ReflectionPad2d(1),
                       nn.Conv2d(2 * k, k, 3, bias=bias)]
        else:
            layers += [nn.ConvTranspose2d(2 * k, k, 3, stride=2, padding=1, output_padding=1, bias=bias)]
        layers += [make_norm(norm, k), nn.ReLU()]
    return Network(layers + [nn.ReflectionPad2d(3), nn.Conv2d(nf, output_nc, 7), nn.Tanh()])


def make_n_layers(input_nc=3, output_nc=1, nf=4, n_layers=3, norm="instance"):
    bias = norm == "instance"
    layers = [nn.Conv2d(input_nc, nf, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    c = nf
    for n in range(1, n_layers + 1):
        k = nf * min(2 ** n, 8)
        layers += [nn.Conv2d(c, k, 4, stride=2 if n < n_layers else 1, padding=1, bias=bias), make_norm(norm, k),
                   nn.LeakyReLU(0.2)]
        c = k
    return Network(layers + [nn.Conv2d(c, output_nc, 4, padding=1)])


MAKERS = {"resnet": make_resnet, "n_layers": make_n_layers}


def make(config):
    config = dict(config)
    return MAKERS[config.pop("kind")](**config).double()


def uniform(random, shape, limit):
    """Uniform numbers that float32 can hold. RandomState's raw stream is the same with every version of numpy."""
    return torch.from_numpy((random.random_sample(shape) * 2 - 1) * limit).float().double()


def fill(network, random, gain=None, bias=0.1):
    """Weights of the given deviation; without one, of the deviation that keeps activations at their size (He et al. 2015)."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.copy_(uniform(random, parameter.shape, bias))
                continue
            module = network.get_submodule(name.rsplit(".", 1)[0])
            fan_in = parameter.numel() / module.out_channels
            if isinstance(module, nn.ConvTranspose2d):
                fan_in /= math.prod(module.stride)
            deviation = gain if gain is not None else math.sqrt(2 / fan_in)
            parameter.copy_(uniform(random, parameter.shape, math.sqrt(3) * deviation))
    return network


class Kinks:
    """The smallest distance of any activation from its kink, relative to the activations' deviation, while it is watching.

    Where float32 and float64 fall on different sides of a kink their gradients differ by a whole step, which is nobody's
    mistake: golden inputs stay away from such places.
    """

    def __init__(self, *networks):
        self.margin = math.inf
        self.handles = [module.register_forward_pre_hook(lambda _, inputs: self.see(inputs[0]))
                        for network in networks for module in network.modules()
                        if isinstance(module, (nn.ReLU, nn.LeakyReLU))]

    def see(self, x):
        x = x.detach()
        self.margin = min(self.margin, float(x.abs().min() / (x * x).mean().sqrt()))

    def stop(self):
        for handle in self.handles:
            handle.remove()
        return self.margin


def random_state(seed):
    return numpy.random.RandomState(seed)
