# SPDX-License-Identifier: LGPL-3.0-or-later
# CycleGAN's losses and training step in PyTorch; apart because golden files hold float64's and float32's results.
import copy

import torch
from torch.nn import functional

from networks import Kinks

NETWORKS = ("G_A", "G_B", "D_A", "D_B")
LOSSES = ("D_A", "G_A", "cycle_A", "idt_A", "tv_A", "D_B", "G_B", "cycle_B", "idt_B", "tv_B")


def gan_loss(mode, side, logits):
    """Means over patch map and batch; log D and log (1 - D) from logits."""
    log_d, log_not_d = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    table = {
        "minimax": (-log_d, -log_not_d, log_not_d),
        "vanilla": (-log_d, -log_not_d, -log_d),
        "lsgan": ((logits - 1) ** 2, logits ** 2, (logits - 1) ** 2),
        "hinge": (functional.relu(1 - logits), functional.relu(1 + logits), -logits),
        "wgan": (-logits, logits, -logits),
        "wgangp": (-logits, logits, -logits),
    }
    return table[mode][("real", "fake", "generator").index(side)].mean()


def total_variation(x):
    rows, columns = x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]
    return ((rows ** 2).sum() + (columns ** 2).sum()) / x.shape[0]


def philox(seed, purpose, step, index):
    """Philox4x32-10 (Salmon et al. 2011) with the counter of core/base/random.h; the first 64 bits."""
    key = [seed & 0xffffffff, seed >> 32]
    x = [index & 0xffffffff, index >> 32, step & 0xffffffff, (step >> 32 & 0xffff) | purpose << 16]
    for _ in range(10):
        a, b = 0xd2511f53 * x[0], 0xcd9e8d57 * x[2]
        x = [b >> 32 ^ x[1] ^ key[0], b & 0xffffffff, a >> 32 ^ x[3] ^ key[1], a & 0xffffffff]
        key = [key[0] + 0x9e3779b9 & 0xffffffff, key[1] + 0xbb67ae85 & 0xffffffff]
    return x[1] << 32 | x[0]


class Pool:
    """The history of generated images; draws by counter, as core/step/image-pool.h says."""

    def __init__(self, size, seed, purpose):
        self.size, self.seed, self.purpose, self.images = size, seed, purpose, []

    def query(self, batch, step):
        answer = []
        for i, image in enumerate(batch):
            if self.size == 0:
                answer.append(image)
            elif len(self.images) < self.size:
                self.images.append(image)
                answer.append(image)
            elif philox(self.seed, self.purpose, step, 2 * i) / 2 ** 64 < 0.5:
                place = philox(self.seed, self.purpose, step, 2 * i + 1) * self.size >> 64
                answer.append(self.images[place])
                self.images[place] = image
            else:
                answer.append(image)
        return torch.stack(answer)


def gradient_penalty(network, real, fake, draw):
    """10 * mean ((|d sum (D (x)) / dx| - 1)^2), x at one point per image between real and fake (Gulrajani 2017)."""
    share = torch.tensor([draw(n) for n in range(len(real))], dtype=real.dtype).view(-1, 1, 1, 1)
    x = (share * real + (1 - share) * fake).requires_grad_()
    gradient, = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    return 10 * ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()


class Training:
    """Four networks, their optimisers and pools. After step(): .losses, and gradients in the networks."""

    POOL_A, POOL_B, PENALTY = 8, 9, 12

    def __init__(self, networks, options):
        self.networks = copy.deepcopy(networks)
        self.options = options
        self.dtype = next(networks["G_A"].parameters()).dtype
        # Which of the two optimisers a network belongs to makes no difference to Adam; one each is easier to look into.
        self.adam = {name: torch.optim.Adam(network.parameters(), lr=options["lr"], betas=(0.5, 0.999), eps=1e-8)
                     for name, network in self.networks.items()}
        self.pools = {purpose: Pool(options.get("pool_size", 0), options.get("seed", 0), purpose)
                      for purpose in (self.POOL_A, self.POOL_B)}
        self.t = 0

    def get_moments(self):
        """{network: [(m, v) per parameter]}, zeros before the first step."""
        moments = {}
        for name, network in self.networks.items():
            states = [self.adam[name].state[p] for p in network.parameters()]
            moments[name] = [(s["exp_avg"], s["exp_avg_sq"]) if s else (torch.zeros_like(p), torch.zeros_like(p))
                             for s, p in zip(states, network.parameters())]
        return moments

    def rounded(self, dtype):
        """A twin in dtype that starts from this one's weights and moments as float32 holds them."""
        twin = Training({name: copy.deepcopy(network).float().to(dtype) for name, network in self.networks.items()},
                        self.options)
        twin.t = self.t
        for name, moments in self.get_moments().items():
            for parameter, (m, v) in zip(twin.networks[name].parameters(), moments):
                if self.t:
                    twin.adam[name].state[parameter] = {"step": torch.tensor(float(self.t)),
                                                        "exp_avg": m.float().to(dtype),
                                                        "exp_avg_sq": v.float().to(dtype)}
        return twin

    def step(self, a, b):
        o, n = self.options, self.networks
        a, b = a.to(self.dtype), b.to(self.dtype)
        mode, lambda_a, lambda_b, identity = o["gan_mode"], o["lambda_a"], o["lambda_b"], o["lambda_identity"]
        self.t += 1
        kinks = Kinks(*n.values())
        for network in n.values():
            network.zero_grad()

        # The order counts for the running statistics of batch norms: that of published code.
        fake_b = n["G_A"](a)
        cycled_a = n["G_B"](fake_b)
        fake_a = n["G_B"](b)
        cycled_b = n["G_A"](fake_a)
        zero = torch.zeros((), dtype=self.dtype)
        losses = dict.fromkeys(LOSSES, zero)
        pairs = [(cycled_a, a), (cycled_b, b)]
        losses["cycle_A"] = lambda_a * functional.l1_loss(cycled_a, a)
        losses["cycle_B"] = lambda_b * functional.l1_loss(cycled_b, b)
        if identity > 0:
            pairs += [(n["G_A"](b), b), (n["G_B"](a), a)]
            losses["idt_A"] = lambda_b * identity * functional.l1_loss(*pairs[2])
            losses["idt_B"] = lambda_a * identity * functional.l1_loss(*pairs[3])
        losses["G_A"] = gan_loss(mode, "generator", n["D_A"](fake_b))
        losses["G_B"] = gan_loss(mode, "generator", n["D_B"](fake_a))
        if o["lambda_tv"] > 0:
            losses["tv_A"] = o["lambda_tv"] * total_variation(fake_b)
            losses["tv_B"] = o["lambda_tv"] * total_variation(fake_a)
        sum(losses.values()).backward()
        self.adam["G_A"].step()
        self.adam["G_B"].step()

        for name, real, fake, purpose in (("D_A", b, fake_b, self.POOL_B), ("D_B", a, fake_a, self.POOL_A)):
            n[name].zero_grad()
            pooled = self.pools[purpose].query(fake.detach(), self.t)
            losses[name] = 0.5 * (gan_loss(mode, "real", n[name](real)) + gan_loss(mode, "fake", n[name](pooled)))
            if mode == "wgangp":
                stream = (name == "D_B") << 32
                losses[name] = losses[name] + gradient_penalty(
                    n[name], real, pooled,
                    lambda n: (philox(o["seed"], self.PENALTY, self.t, stream + n) >> 11) / 2 ** 53)
            losses[name].backward()
            self.adam[name].step()
            if mode == "wgan":
                with torch.no_grad():
                    for parameter in n[name].parameters():
                        parameter.clamp_(-0.01, 0.01)

        self.losses = {name: float(value) for name, value in losses.items()}
        distance = min(float((x - target).detach().abs().min()) for x, target in pairs)
        self.margin = min(kinks.stop(), distance)
