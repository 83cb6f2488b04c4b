#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Writes the golden files that the tests compare with: what PyTorch computes in float64, and how far off its float32 is.
#
# Usage: generate.py [folder]   (Debian's python3-torch, 1.13 or newer; the tests themselves never need it)
#
# Numbers come from numpy's RandomState, whose stream never changes. A case whose float32 result could fall on the other
# side of a kink stops the program: it wants another seed.
import copy
import pathlib
import sys

import numpy
import torch

import networks
import tensorfile
from training import LOSSES, NETWORKS, Training, gan_loss, total_variation

# Relative to the activations' deviation; float32 errs by a few 1e-7.
MARGIN = 1.5e-6

NETWORK_CASES = {
    "resnet": {
        "transpose": (dict(kind="resnet", nf=4, n_blocks=1), (2, 24, 32), 1),
        "transpose-none": (dict(kind="resnet", nf=4, n_blocks=2, norm="none"), (1, 20, 28), 2),
        "resize": (dict(kind="resnet", nf=4, n_blocks=2, upsample="resize"), (1, 16, 24), 3),
        "resize-none": (dict(kind="resnet", nf=5, n_blocks=1, norm="none", upsample="resize"), (2, 28, 20), 4),
        "six-blocks": (dict(kind="resnet", nf=3, n_blocks=6), (1, 16, 16), 5),
        "smallest": (dict(kind="resnet", nf=4, n_blocks=1, input_nc=1, output_nc=2), (2, 8, 8), 6),
        "odd-channels": (dict(kind="resnet", nf=7, n_blocks=1, input_nc=2), (1, 12, 40), 7),
        "batch": (dict(kind="resnet", nf=4, n_blocks=1, norm="batch"), (3, 12, 16), 8),
        "grey": (dict(kind="resnet", nf=4, n_blocks=1, input_nc=1, output_nc=1), (1, 12, 20), 31),
        "to-grey": (dict(kind="resnet", nf=4, n_blocks=1, output_nc=1, upsample="resize"), (2, 16, 12), 32),
    },
    "unet": {
        "five": (dict(kind="unet", nf=2, n_downs=5), (1, 32, 64), 15),
        "five-none": (dict(kind="unet", nf=2, n_downs=5, norm="none", input_nc=1), (2, 32, 32), 16),
        "five-batch": (dict(kind="unet", nf=2, n_downs=5, norm="batch", output_nc=2), (2, 32, 32), 17),
        "five-to-grey": (dict(kind="unet", nf=2, n_downs=5, output_nc=1), (1, 32, 64), 33),
        "six": (dict(kind="unet", nf=1, n_downs=6), (1, 64, 64), 18),
    },
    "discriminator": {
        "one": (dict(kind="n_layers", nf=4, n_layers=1), (2, 17, 23), 11),
        "two": (dict(kind="n_layers", nf=5, n_layers=2, input_nc=1), (1, 31, 29), 12),
        "three": (dict(kind="n_layers", nf=4, n_layers=3), (1, 35, 42), 13),
        "three-none": (dict(kind="n_layers", nf=3, n_layers=3, norm="none"), (2, 33, 27), 14),
        "two-batch": (dict(kind="n_layers", nf=4, n_layers=2, norm="batch"), (2, 26, 21), 24),
        "pixel": (dict(kind="pixel", nf=5), (2, 7, 9), 25),
        "pixel-none": (dict(kind="pixel", nf=4, norm="none"), (1, 5, 8), 26),
        "pixel-grey": (dict(kind="pixel", nf=4, input_nc=1), (1, 6, 5), 34),
        "pixel-batch": (dict(kind="pixel", nf=4, norm="batch"), (2, 6, 6), 27),
    },
}

STEP_BASE = dict(lr=2e-4, gan_mode="lsgan", lambda_a=10.0, lambda_b=10.0, lambda_identity=0.5, lambda_tv=0.0,
                 pool_size=0, seed=0)


def describe(config):
    defaults = dict(input_nc=3, output_nc=3 if config["kind"] in ("resnet", "unet") else 1, nf=4, n_blocks=0,
                    n_layers=0, n_downs=0, norm="instance", upsample="transpose")
    return " ".join(f"{key}={value}" for key, value in {**defaults, **config}.items())


def image(random, n, h, w, c=3):
    return networks.uniform(random, (n, c, h, w), 1.0)


def image_error(approximate, truth):
    return f"{float((approximate.double() - truth.double()).abs().max()):.3e}"


def is_removed(network, name):
    """Whether a norm follows the convolution and subtracts its bias again."""
    module, kind = name.rsplit(".", 1)
    parent, index = module.rsplit(".", 1)
    following = list(network.get_submodule(parent))[int(index) + 1:]
    return kind == "bias" and following != [] and isinstance(following[0], torch.nn.InstanceNorm2d)


def gradient_error(approximate, truth):
    """The largest error in float32's gradients, in units of the network's largest gradient."""
    both = zip(approximate.parameters(), truth.named_parameters())
    pairs = [(a.grad.double(), t.grad.double()) for a, (name, t) in both if not is_removed(truth, name)]
    return max(float((a - t).abs().max()) for a, t in pairs) / max(float(t.abs().max()) for _, t in pairs)


def insist(condition, case, what):
    if not condition:
        raise SystemExit(f"{case}: {what}; choose another seed")


def run_network(network, x, dy):
    x = x.clone().requires_grad_()
    network.zero_grad()
    y = network(x)
    (y * dy).sum().backward()
    return y.detach(), x.grad


def make_networks(folder, name, cases):
    """CASE/x, dy, y, dx, w/PARAMETER, g/PARAMETER; with batch norm also y.inference, and after/BUFFER."""
    tensors, metadata = {}, {"cases": " ".join(cases)}
    for case, (config, (n, h, w), seed) in cases.items():
        random = networks.random_state(seed)
        network = networks.fill(networks.make(config), random)
        x = image(random, n, h, w, config.get("input_nc", 3))
        with torch.no_grad():
            inferred = copy.deepcopy(network).eval()(x)
        dy = networks.uniform(random, inferred.shape, 1.0)
        single = copy.deepcopy(network).float()
        tensors.update({f"{case}/w/{key}": tensor.clone() for key, tensor in networks.get_state(network)})
        kinks = networks.Kinks(network)
        y, dx = run_network(network, x, dy)
        margin = kinks.stop()
        y32, dx32 = run_network(single, x.float(), dy.float())
        error = gradient_error(single, network)
        insist(margin > MARGIN, case, f"an activation is {margin:.1e} from a kink")
        insist(error < 3e-5, case, f"float32's gradients are off by {error:.1e}")
        metadata.update({f"{case}/config": describe(config), f"{case}/e32": image_error(y32, y),
                         f"{case}/e32.gradient": f"{error:.3e}",
                         f"{case}/e32.dx": image_error(dx32, dx)})
        tensors.update({f"{case}/x": x, f"{case}/dy": dy, f"{case}/y": y, f"{case}/dx": dx})
        tensors.update({f"{case}/g/{key}": parameter.grad for key, parameter in network.named_parameters()
                        if not is_removed(network, key)})
        if config.get("norm") == "batch":
            tensors[f"{case}/y.inference"] = inferred
            tensors.update({f"{case}/after/{key}": tensor for key, tensor in networks.get_state(network)
                            if "running_" in key})
    tensorfile.write(folder / f"{name}.safetensors", tensors, metadata)


def make_winograd(folder):
    """Channels and maps large enough for a Winograd path: 64 channels in 3x3 convolutions; of the gradients only theirs."""
    config, random = dict(kind="resnet", nf=16, n_blocks=1), networks.random_state(21)
    network = networks.fill(networks.make(config), random)
    x, dy = image(random, 1, 40, 48), image(random, 1, 40, 48)
    single = copy.deepcopy(network).float()
    kinks = networks.Kinks(network)
    y, dx = run_network(network, x, dy)
    margin = kinks.stop()
    y32, _ = run_network(single, x.float(), dy.float())
    error = gradient_error(single, network)
    insist(margin > MARGIN, "winograd", f"an activation is {margin:.1e} from a kink")
    insist(error < 3e-5, "winograd", f"float32's gradients are off by {error:.1e}")
    tensors = {"block/x": x, "block/y": y, "block/dy": dy, "block/dx": dx}
    tensors.update({f"block/w/{key}": parameter.detach() for key, parameter in network.named_parameters()})
    key = "model.10.conv_block.1.weight"
    tensors[f"block/g/{key}"] = dict(network.named_parameters())[key].grad
    largest = max(float(parameter.grad.abs().max()) for parameter in network.parameters())
    tensorfile.write(folder / "winograd.safetensors", tensors,
                     {"cases": "block", "block/config": describe(config), "block/e32": image_error(y32, y),
                      "block/e32.gradient": f"{error:.3e}", "block/largest": repr(largest)})


def make_losses(folder):
    """Values in the metadata, gradients as tensors. Large logits are such that a float32 sigmoid is 0 or 1."""
    random = networks.random_state(31)
    logits = {size: networks.uniform(random, (2, 1, 5, 7), limit) for size, limit in (("small", 2.5), ("large", 150.0))}
    tensors, metadata = {f"logits/{size}": x for size, x in logits.items()}, {}

    def add(case, function, x):
        x = x.clone().requires_grad_()
        value = function(x)
        value.backward()
        metadata[case] = repr(float(value))
        tensors[case] = x.grad

    for mode in ("minimax", "vanilla", "lsgan", "hinge", "wgan", "wgangp"):
        for side in ("real", "fake", "generator"):
            for size, x in logits.items():
                add(f"{mode}/{side}/{size}", lambda x: gan_loss(mode, side, x), x)
    x, target = image(random, 2, 6, 9), image(random, 2, 6, 9)
    target[0, 1, 2, 3:6] = x[0, 1, 2, 3:6]
    tensors.update({"image/x": x, "image/target": target})
    add("l1", lambda x: torch.nn.functional.l1_loss(x, target), x)
    add("tv", total_variation, x)
    tensorfile.write(folder / "losses.safetensors", tensors, metadata)


def make_adam(folder):
    """Five steps with given gradients, among them zeros and ones far below and above eps; a rate that changes."""
    random = networks.random_state(41)
    rates = (2e-4, 2e-4, 1e-4, 1e-3, 2e-4)
    scales = torch.tensor([0.0, 1e-12, 1e-9, 1e-8, 1e-6, 1e-3, 1.0, 1e3], dtype=torch.float64).repeat(8)
    w = networks.uniform(random, (64,), 1.0).requires_grad_()
    optimiser = torch.optim.Adam([w], lr=rates[0], betas=(0.5, 0.999), eps=1e-8)
    tensors = {"w": w.detach().clone()}
    for t, rate in enumerate(rates, 1):
        w.grad = (networks.uniform(random, (64,), 1.0) * scales).float().double()
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()
        state = optimiser.state[w]
        tensors.update({f"{t}/g": w.grad.clone(), f"{t}/w": w.detach().clone(), f"{t}/m": state["exp_avg"].clone(),
                        f"{t}/v": state["exp_avg_sq"].clone()})
    tensorfile.write(folder / "adam.safetensors", tensors, {"rates": " ".join(map(repr, rates))})


def make_four(seed, generator, discriminator, gain):
    random = networks.random_state(seed)
    configs = {name: generator if name[0] == "G" else discriminator for name in NETWORKS}
    return random, {name: networks.fill(networks.make(config), random, gain, 0.05) for name, config in configs.items()}


def start_metadata(generator, discriminator, options, shape):
    return {"generator": describe(generator), "discriminator": describe(discriminator),
            "shape": " ".join(map(str, shape)), **{key: str(value) for key, value in options.items()}}


def store_state(tensors, prefix, training):
    for name, moments in training.get_moments().items():
        network = training.networks[name]
        tensors.update({f"{prefix}/w/{name}/{key}": tensor.clone() for key, tensor in networks.get_state(network)})
        if training.t:
            for (key, _), (m, v) in zip(network.named_parameters(), moments):
                tensors.update({f"{prefix}/m/{name}/{key}": m.clone(), f"{prefix}/v/{name}/{key}": v.clone()})


def store_step(tensors, metadata, case, training, a, b):
    """One step in float64 from this state as float32 holds it; CASE/g, CASE/after, losses; its twin's errors."""
    truth, single = training.rounded(torch.float64), training.rounded(torch.float32)
    truth.step(a, b)
    single.step(a, b)
    insist(truth.margin > MARGIN, case, f"an activation is {truth.margin:.1e} from a kink")
    for name, network in truth.networks.items():
        error = gradient_error(single.networks[name], network)
        insist(error < 3e-5, case, f"float32's gradients of {name} are off by {error:.1e}")
        metadata[f"{case}/e32.gradient/{name}"] = f"{error:.3e}"
        kept = [key for key, _ in networks.get_state(network) if not is_removed(network, key)]
        state, gradients = network.state_dict(), {key: p.grad for key, p in network.named_parameters()}
        tensors.update({f"{case}/g/{name}/{key}": gradients[key].clone() for key in kept if key in gradients})
        tensors.update({f"{case}/after/{name}/{key}": state[key].clone() for key in kept})
    for loss in LOSSES:
        metadata[f"{case}/{loss}"] = repr(truth.losses[loss])
        metadata[f"{case}/e32/{loss}"] = f"{abs(single.losses[loss] - truth.losses[loss]):.3e}"


def make_trajectory(folder, name, seed, generator, discriminator, gain, changes, shape, compared):
    """A run in float64; each compared step starts from that run's weights and moments, rounded to float32."""
    options = {**STEP_BASE, **changes}
    random, four = make_four(seed, generator, discriminator, gain)
    training = Training(four, options)
    tensors, metadata = {}, start_metadata(generator, discriminator, options, shape)
    metadata["steps"] = " ".join(map(str, compared))
    for t in range(1, compared[-1] + 1):
        a, b = image(random, *shape), image(random, *shape)
        if t in compared:
            tensors.update({f"{t}/a": a, f"{t}/b": b})
            store_state(tensors, f"{t}", training)
            store_step(tensors, metadata, f"{t}", training, a, b)
        training.step(a, b)
    tensorfile.write(folder / f"{name}.safetensors", tensors, metadata)


def make_modes(folder):
    """One step from the same weights with every other adversarial loss, without identity passes."""
    generator, discriminator = dict(kind="resnet", nf=3, n_blocks=1), dict(kind="n_layers", nf=3, n_layers=2)
    shape, modes = (2, 20, 16), ("minimax", "vanilla", "hinge", "wgan", "wgangp")
    random, four = make_four(61, generator, discriminator, 0.02)
    a, b = image(random, *shape), image(random, *shape)
    options = {**STEP_BASE, "lambda_identity": 0.0}
    tensors, metadata = {"a": a, "b": b}, start_metadata(generator, discriminator, options, shape)
    metadata["steps"] = " ".join(modes)
    store_state(tensors, "start", Training(four, options))
    for mode in modes:
        store_step(tensors, metadata, mode, Training(four, {**options, "gan_mode": mode}), a, b)
    tensorfile.write(folder / "step-modes.safetensors", tensors, metadata)


def make_pool(folder):
    """The learning rate is 0, so that nothing but the images that the pools choose tells one step from another."""
    generator, discriminator = dict(kind="resnet", nf=3, n_blocks=0), dict(kind="n_layers", nf=3, n_layers=1)
    options = {**STEP_BASE, "lr": 0.0, "pool_size": 3, "seed": 2 ** 40 + 77, "lambda_identity": 0.0}
    shape, n_steps = (2, 12, 16), 8
    random, four = make_four(71, generator, discriminator, None)
    training, without = Training(four, options), Training(four, {**options, "pool_size": 0})
    tensors, metadata = {}, start_metadata(generator, discriminator, options, shape)
    metadata["n_steps"] = str(n_steps)
    store_state(tensors, "start", training)
    differing = 0
    for t in range(1, n_steps + 1):
        a, b = image(random, *shape), image(random, *shape)
        tensors.update({f"{t}/a": a, f"{t}/b": b})
        training.step(a, b)
        without.step(a, b)
        for loss in ("D_A", "D_B"):
            metadata[f"{t}/{loss}"] = repr(training.losses[loss])
            differing += abs(training.losses[loss] / without.losses[loss] - 1) > 1e-3
    insist(differing >= 5, "pool", "the pools hardly matter")
    tensorfile.write(folder / "step-pool.safetensors", tensors, metadata)


def make_free_run(folder):
    """200 steps on four images each, run 24 times in float32 from weights that differ by 1e-7 of themselves.

    Rounding makes such runs part within a few steps: of every loss there are the runs' mean over windows of 20 steps,
    and its deviation.
    """
    generator, discriminator = dict(kind="resnet", nf=4, n_blocks=1), dict(kind="n_layers", nf=4, n_layers=2)
    options, shape, n_runs, n_steps, window = dict(STEP_BASE), (1, 24, 24), 24, 200, 20
    random, four = make_four(81, generator, discriminator, 0.02)
    # Squares of the images' own colours: something to learn, which noise is not.
    images = {side: [torch.nn.functional.interpolate(image(random, 1, 4, 4), scale_factor=6) * 0.9 for _ in range(4)]
              for side in "ab"}
    runs = []
    for _ in range(n_runs):
        perturbed = copy.deepcopy(four)
        with torch.no_grad():
            for network in perturbed.values():
                for parameter in network.parameters():
                    parameter.mul_(1 + 1e-7 * (2 * torch.from_numpy(random.random_sample(parameter.shape)) - 1))
        training = Training({name: network.float() for name, network in perturbed.items()}, options)
        losses = []
        for t in range(n_steps):
            training.step(images["a"][t % 4].float(), images["b"][(t * 3 + t // 4) % 4].float())
            losses.append([training.losses[loss] for loss in LOSSES])
        runs.append(numpy.array(losses).reshape(n_steps // window, window, len(LOSSES)).mean(1))
    runs = numpy.array(runs)
    tensors = {f"{side}/{i}": x for side, list_ in images.items() for i, x in enumerate(list_)}
    metadata = start_metadata(generator, discriminator, options, shape)
    metadata.update(n_runs=str(n_runs), n_steps=str(n_steps), window=str(window), losses=" ".join(LOSSES))
    store_state(tensors, "start", Training(four, options))
    tensors.update({"mean": runs.mean(0), "deviation": runs.std(0, ddof=1)})
    tensorfile.write(folder / "free-run.safetensors", tensors, metadata)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    torch.set_num_threads(1)
    for name, cases in NETWORK_CASES.items():
        make_networks(folder, name, cases)
    make_winograd(folder)
    make_losses(folder)
    make_adam(folder)
    make_trajectory(folder, "step", 51, dict(kind="resnet", nf=3, n_blocks=1), dict(kind="n_layers", nf=3, n_layers=2),
                    0.02, {}, (1, 24, 28), (1, 2, 5, 20))
    make_trajectory(folder, "step-tv", 55, dict(kind="resnet", nf=4, n_blocks=1, norm="none", upsample="resize"),
                    dict(kind="n_layers", nf=3, n_layers=1, norm="none"), None,
                    dict(lambda_tv=1e-2, lambda_a=10.0, lambda_b=7.0, lambda_identity=0.3), (2, 16, 20), (1, 3))
    make_trajectory(folder, "step-batch", 52, dict(kind="resnet", nf=3, n_blocks=0, norm="batch"),
                    dict(kind="n_layers", nf=3, n_layers=2, norm="batch"), None, {}, (2, 16, 16), (2,))
    make_modes(folder)
    make_pool(folder)
    make_free_run(folder)


if __name__ == "__main__":
    main()
