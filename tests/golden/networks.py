# SPDX-License-Identifier: LGPL-3.0-or-later
# The networks in PyTorch, with the module names of published checkpoints; apart because every golden file needs them.
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


class UnetBlock(nn.Module):
    """Down, the blocks inside, up again, beside what came in; published code rectifies that in place, so do we."""

    def __init__(self, outer, inner, norm, submodule=None, input_nc=None):
        super().__init__()
        bias = norm == "instance"
        outermost = input_nc is not None
        down = nn.Conv2d(input_nc if outermost else outer, inner, 4, stride=2, padding=1, bias=bias)
        width = 2 * inner if submodule else inner
        up = nn.ConvTranspose2d(width, outer, 4, stride=2, padding=1, bias=bias or outermost)
        if outermost:
            layers = [down, submodule, nn.ReLU(), up, nn.Tanh()]
        elif submodule:
            layers = [nn.LeakyReLU(0.2), down, make_norm(norm, inner), submodule, nn.ReLU(), up, make_norm(norm, outer)]
        else:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, make_norm(norm, outer)]
        self.outermost = outermost
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        if self.outermost:
            return self.model(x)
        x = self.model[0](x)
        return torch.cat([x, self.model[1:](x)], 1)


class Network(nn.Module):
    """One module under the name that published checkpoints give it."""

    def __init__(self, module, name="model"):
        super().__init__()
        self.add_module(name, module)

    def forward(self, x):
        return next(self.children())(x)


def make_norm(norm, channels):
    return {"instance": nn.InstanceNorm2d, "batch": nn.BatchNorm2d, "none": nn.Identity}[norm](channels)


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
    return Network(nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(nf, output_nc, 7), nn.Tanh()))


def make_unet(input_nc=3, output_nc=3, nf=4, n_downs=7, norm="instance"):
    widths = [nf * min(2 ** depth, 8) for depth in range(n_downs)]
    block = UnetBlock(widths[-2], widths[-1], norm)
    for depth in range(n_downs - 2, 0, -1):
        block = UnetBlock(widths[depth - 1], widths[depth], norm, block)
    return Network(UnetBlock(output_nc, widths[0], norm, block, input_nc))


def make_n_layers(input_nc=3, output_nc=1, nf=4, n_layers=3, norm="instance"):
    bias = norm == "instance"
    layers = [nn.Conv2d(input_nc, nf, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    c = nf
    for n in range(1, n_layers + 1):
        k = nf * min(2 ** n, 8)
        layers += [nn.Conv2d(c, k, 4, stride=2 if n < n_layers else 1, padding=1, bias=bias), make_norm(norm, k),
                   nn.LeakyReLU(0.2)]
        c = k
    return Network(nn.Sequential(*layers, nn.Conv2d(c, output_nc, 4, padding=1)))


def make_pixel(input_nc=3, output_nc=1, nf=4, norm="instance"):
    bias = norm == "instance"
    return Network(nn.Sequential(
        nn.Conv2d(input_nc, nf, 1), nn.LeakyReLU(0.2), nn.Conv2d(nf, 2 * nf, 1, bias=bias), make_norm(norm, 2 * nf),
        nn.LeakyReLU(0.2), nn.Conv2d(2 * nf, output_nc, 1, bias=bias)), "net")


MAKERS = {"resnet": make_resnet, "unet": make_unet, "n_layers": make_n_layers, "pixel": make_pixel}


def make(config):
    config = dict(config)
    return MAKERS[config.pop("kind")](**config).double()


def uniform(random, shape, limit):
    """Uniform numbers that float32 can hold. RandomState's raw stream is the same with every version of numpy."""
    return torch.from_numpy((random.random_sample(shape) * 2 - 1) * limit).float().double()


def get_state(network):
    """(name, tensor) in the order of published checkpoints, without the counters of batch norms."""
    return [(name, tensor) for name, tensor in network.state_dict().items() if tensor.is_floating_point()]


def fill(network, random, gain=None, bias=0.1):
    """Weights of deviation gain; without one, of that which keeps activations at their size (He et al. 2015)."""
    with torch.no_grad():
        for name, parameter in get_state(network):
            module = network.get_submodule(name.rsplit(".", 1)[0])
            if name.endswith(("bias", "running_mean")):
                parameter.copy_(uniform(random, parameter.shape, bias))
                continue
            if isinstance(module, nn.BatchNorm2d):
                parameter.copy_(1 + uniform(random, parameter.shape, 0.5))
                continue
            fan_in = parameter.numel() / module.out_channels
            if isinstance(module, nn.ConvTranspose2d):
                fan_in /= math.prod(module.stride)
            deviation = gain if gain is not None else math.sqrt(2 / fan_in)
            parameter.copy_(uniform(random, parameter.shape, math.sqrt(3) * deviation))
    return network


class Kinks:
    """The smallest distance of any activation from its kink, relative to the activations' deviation.

    Where float32 and float64 fall on different sides of a kink their gradients differ by a whole step, which is
    nobody's mistake: golden inputs stay away from such places.
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
