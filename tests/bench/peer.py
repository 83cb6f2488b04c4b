# SPDX-License-Identifier: LGPL-3.0-or-later
# Times one work on PyTorch or onnxruntime; compare.py runs it behind networks.py, in a process of its own, perhaps on another system.
"""Arguments: WORK RUNTIME SIZE NF BLOCKS THREADS REPEAT. WORK: versions, export, generator, step. RUNTIME: float32, bfloat16, onnxruntime.
Prints one JSON object; export writes the ONNX file to stdout, which the generator on onnxruntime reads from stdin."""
import io
import itertools
import json
import os
import resource
import sys
import time


def measure(function, repeat):
    """Seconds of some runs; the first one warms up and does not count."""
    seconds = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds[1:], "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def image(size):
    return torch.rand(1, 3, size, size) * 2 - 1


def time_torch_generator(runtime, size, nf, blocks, repeat):
    network, x = make_resnet(nf=nf, n_blocks=blocks).eval(), image(size)
    if runtime == "bfloat16":
        network, x = (value.to(memory_format=torch.channels_last) for value in (network, x))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=runtime == "bfloat16"):
        return measure(lambda: network(x), repeat)


def time_step(runtime, size, nf, blocks, repeat):
    """The well-known training step: both generators' losses in one backward pass, then the discriminators'."""
    g, f = (make_resnet(nf=nf, n_blocks=blocks) for _ in range(2))
    d_y, d_x = (make_n_layers(nf=nf) for _ in range(2))
    generators = list(itertools.chain(g.parameters(), f.parameters()))
    discriminators = list(itertools.chain(d_y.parameters(), d_x.parameters()))
    adam_g, adam_d = (torch.optim.Adam(list_, 2e-4, (0.5, 0.999)) for list_ in (generators, discriminators))
    x, y = image(size), image(size)
    l1, mse = nn.L1Loss(), nn.MSELoss()
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=runtime == "bfloat16")

    def judge(logits, real):
        return mse(logits, torch.full_like(logits, 1.0 if real else 0.0))

    def step():
        for parameter in discriminators:
            parameter.requires_grad_(False)
        adam_g.zero_grad()
        with autocast:
            fake_y, fake_x = g(x), f(y)
            loss = (judge(d_y(fake_y), True) + judge(d_x(fake_x), True) + 10 * l1(f(fake_y), x)
                    + 10 * l1(g(fake_x), y) + 5 * l1(g(y), y) + 5 * l1(f(x), x))
        loss.backward()
        adam_g.step()
        for parameter in discriminators:
            parameter.requires_grad_(True)
        adam_d.zero_grad()
        for network, real, fake in ((d_y, y, fake_y), (d_x, x, fake_x)):
            with autocast:
                loss = 0.5 * (judge(network(real), True) + judge(network(fake.detach()), False))
            loss.backward()
        adam_d.step()

    return measure(step, repeat)


def export(size, nf, blocks):
    file = io.BytesIO()
    # What PyTorch prints while it exports must not get into the file.
    out, sys.stdout = sys.stdout, sys.stderr
    torch.onnx.export(make_resnet(nf=nf, n_blocks=blocks).eval(), (image(size),), file, input_names=["x"])
    out.buffer.write(file.getvalue())


def time_onnxruntime(threads, repeat, size):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(sys.stdin.buffer.read(), options, providers=["CPUExecutionProvider"])
    x = numpy.random.default_rng(1).uniform(-1, 1, (1, 3, size, size)).astype("float32")
    return measure(lambda: session.run(None, {session.get_inputs()[0].name: x}), repeat)


def get_versions():
    versions = {"torch": torch.__version__}
    try:
        import onnxruntime

        versions["onnxruntime"] = onnxruntime.__version__
    except ImportError:
        pass
    return versions


def main():
    work, runtime = sys.argv[1:3]
    size, nf, blocks, threads, repeat = map(int, sys.argv[3:])
    if runtime == "onnxruntime":
        result = time_onnxruntime(threads, repeat, size)
    else:
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        if work == "export":
            return export(size, nf, blocks)
        if work == "versions":
            result = get_versions()
        else:
            result = (time_step if work == "step" else time_torch_generator)(runtime, size, nf, blocks, repeat)
    print(json.dumps(result))
    sys.stdout.flush()
    # Some runtimes hang or complain while they are taken down; what is wanted has been said.
    os._exit(0)


main()
