"""PyTorch's ViT as a peer of our encoder: a process that lives as long as the bench.

    torch_peer.py CHECKPOINT_FOLDER

reads config.json and model.safetensors (float32, transformers' names of vit and vit_mae), prints `note ...` lines
and `ready SECONDS`, then answers one line per line of standard input:

    embed MODE PIXELS N OUT          float32 [N, 3, H, W] in file PIXELS -> float32 [N, 2, D] in file OUT: class token
                                     and mean of the patch tokens, both behind the final LayerNorm.    `ok SECONDS`
    time MODE BATCH IMAGES THREADS   `ok SECONDS` for IMAGES images in batches of BATCH, or `slow SECONDS`: nothing was
                                     run, one image would take that long by the rate of one product
    once MODE BATCH IMAGES THREADS   as time, however slow and without a warm-up
    memory                           `ok MB`: the peak so far, resident
    quit

A mode is a precision and a way to its matrix products:
    fp32            F.linear, that is the BLAS this process has loaded
    fp32-onednn     weights reordered once for oneDNN (torch.utils.mkldnn's linear layer)
    bf16            model and activations in bfloat16
    bf16-autocast   float32 weights under torch.autocast
    bf16-onednn     as fp32-onednn, in bfloat16
What goes wrong is answered as `error TEXT`.
"""
import ctypes
import json
import mmap
import os
import struct
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    import torch.utils.mkldnn
except ImportError as error:
    print("missing", error, flush=True)
    sys.exit(3)

SLOW_S = 5.0  # an image; beyond it `time` only says so, in bf16: without instructions for it, it may take minutes


def read_safetensors(path):
    """Tensors by name: views of the mapped file, which is private to this process."""
    with open(path, "rb") as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    (length,) = struct.unpack_from("<Q", view, 0)
    tensors = {}
    for name, entry in json.loads(view[8:8 + length]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError("tensor %s is %s, not F32" % (name, entry["dtype"]))
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(view, dtype=torch.float32, count=(end - begin) // 4, offset=8 + length + begin)
        tensors[name] = flat.view(entry["shape"])
    return tensors


def linear(weight, bias, onednn):
    """y = x w^T + b as a function."""
    if not onednn:
        return lambda x: F.linear(x, weight, bias)
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = torch.nn.Parameter(weight.float(), False), torch.nn.Parameter(bias.float(), False)
    return torch.utils.mkldnn.MkldnnLinear(layer, weight.dtype)


class ViT:
    """Pre-norm blocks, exact GELU; query, key and value as one product."""

    def __init__(self, config, tensors, dtype, onednn):
        self.patch, self.heads, self.width = config["patch_size"], config["num_attention_heads"], config["hidden_size"]
        self.eps, self.dtype = config.get("layer_norm_eps", 1e-12), dtype
        take = lambda name: tensors["vit." + name].to(dtype)
        self.cls = take("embeddings.cls_token")
        self.positions = take("embeddings.position_embeddings")
        self.patch_weight = take("embeddings.patch_embeddings.projection.weight")
        self.patch_bias = take("embeddings.patch_embeddings.projection.bias")
        self.norm = take("layernorm.weight"), take("layernorm.bias")
        self.layers = []
        for i in range(config["num_hidden_layers"]):
            layer = "encoder.layer.%d." % i
            of = lambda name: (take(layer + name + ".weight"), take(layer + name + ".bias"))
            parts = [of("attention.attention." + name) for name in ("query", "key", "value")]
            self.layers.append((
                of("layernorm_before"),
                linear(torch.cat([w for w, _ in parts]), torch.cat([b for _, b in parts]), onednn),
                linear(*of("attention.output.dense"), onednn),
                of("layernorm_after"),
                linear(*of("intermediate.dense"), onednn),
                linear(*of("output.dense"), onednn)))

    def attend(self, qkv):
        n, tokens, _ = qkv.shape
        q, k, v = qkv.view(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4).reshape(3, n * self.heads, tokens, -1)
        unread = q.new_empty(1).expand(n * self.heads, tokens, tokens)  # beta = 0: baddbmm takes its shape alone
        scores = torch.baddbmm(unread, q, k.transpose(1, 2), beta=0, alpha=q.shape[-1] ** -0.5)
        context = torch.bmm(torch.softmax(scores, -1), v)
        return context.view(n, self.heads, tokens, -1).transpose(1, 2).reshape(n, tokens, self.width)

    def __call__(self, pixels):
        shape = (self.width,)
        x = F.conv2d(pixels.to(self.dtype), self.patch_weight, self.patch_bias, stride=self.patch).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1).to(x.dtype), x], 1) + self.positions
        for before, qkv, out, after, up, down in self.layers:
            x = x + out(self.attend(qkv(F.layer_norm(x, shape, *before, self.eps))))
            x = x + down(F.gelu(up(F.layer_norm(x, shape, *after, self.eps))))
        x = F.layer_norm(x, shape, *self.norm, self.eps)
        return torch.stack([x[:, 0], x[:, 1:].mean(1)], 1).float()


def blas_files():
    """The BLAS libraries this process has mapped."""
    with open("/proc/self/maps") as maps:
        return sorted({line.split()[-1] for line in maps if "blas" in line.split()[-1].rsplit("/", 1)[-1]})


def use_threads(n):
    torch.set_num_threads(n)
    for path in blas_files():  # OpenBLAS's pthread build does not follow OpenMP's setting
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_set_num_threads"):
            library.openblas_set_num_threads(n)


def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


class Peer:
    MODES = {  # precision of the model, autocast, oneDNN
        "fp32": (torch.float32, False, False),
        "fp32-onednn": (torch.float32, False, True),
        "bf16": (torch.bfloat16, False, False),
        "bf16-autocast": (torch.float32, True, False),
        "bf16-onednn": (torch.bfloat16, False, True),
    }

    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = json.load(file)
        self.tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
        self.models, self.ready, self.estimate = {}, set(), {}
        size = self.config["image_size"]
        generator = torch.Generator().manual_seed(1)
        self.pixels = torch.rand((64, 3, size, size), generator=generator) * 4 - 2

    def model(self, mode):
        dtype, _, onednn = self.MODES[mode]
        key = dtype, onednn
        if key not in self.models:
            self.models[key] = ViT(self.config, self.tensors, dtype, onednn)
        return self.models[key]

    def run(self, mode, pixels):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.MODES[mode][1]):
            return self.model(mode)(pixels)

    def seconds_of_image(self, mode):
        """By the rate of one product: 32 rows against the MLP's first matrix."""
        if mode not in self.estimate:
            c = self.config
            dtype = torch.bfloat16 if mode.startswith("bf16") else torch.float32
            x = torch.ones(32, c["hidden_size"], dtype=dtype)
            product = linear(torch.ones(c["intermediate_size"], c["hidden_size"], dtype=dtype),
                             torch.ones(c["intermediate_size"], dtype=dtype), self.MODES[mode][2])
            with torch.inference_mode():
                row = float("inf")
                for _ in range(3):  # the first one also prepares things
                    begin = time.perf_counter()
                    product(x)
                    row = min(row, (time.perf_counter() - begin) / 32)
            tokens = (c["image_size"] // c["patch_size"]) ** 2 + 1
            in_mlp = 2 + 4 * c["hidden_size"] / c["intermediate_size"]  # products of a layer, in this one's size
            self.estimate[mode] = row * tokens * in_mlp * c["num_hidden_layers"]
        return self.estimate[mode]

    def embed(self, mode, path, n, out):
        size = self.config["image_size"]
        pixels = torch.from_file(path, size=n * 3 * size * size, dtype=torch.float32).view(n, 3, size, size)
        begin = time.perf_counter()
        values = self.run(mode, pixels)
        seconds = time.perf_counter() - begin
        with open(out, "wb") as file:
            file.write(values.contiguous().numpy().tobytes())
        return "ok %.6f" % seconds

    def time(self, mode, batch, images, threads, bounded=True):
        use_threads(threads)
        if bounded and mode.startswith("bf16") and self.seconds_of_image(mode) > SLOW_S:
            return "slow %.3f" % self.seconds_of_image(mode)
        if bounded and (mode, threads) not in self.ready:
            self.run(mode, self.pixels[:1])
            self.ready.add((mode, threads))
        self.model(mode)
        begin = time.perf_counter()
        for i in range(0, images, batch):
            at = i % (len(self.pixels) - batch + 1)
            self.run(mode, self.pixels[at:at + min(batch, images - i)])
        return "ok %.6f" % (time.perf_counter() - begin)

    def answer(self, words):
        if words[0] == "embed":
            return self.embed(words[1], words[2], int(words[3]), words[4])
        if words[0] in ("time", "once"):
            return self.time(words[1], *map(int, words[2:5]), bounded=words[0] == "time")
        if words[0] == "memory":
            return "ok %.1f" % peak_mb()
        return "error unknown command %s" % words[0]


def main():
    begin = time.perf_counter()
    peer = Peer(sys.argv[1])
    show = torch.__config__.show()
    wanted = ("MKL-DNN", "CPU capability")
    print("note PyTorch " + torch.__version__, *[line.strip(" -") for line in show.splitlines() if any(w in line for w in wanted)], sep="; ")
    print("note BLAS", *[os.path.realpath(path) for path in blas_files()])
    print("ready %.3f" % (time.perf_counter() - begin), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            break
        try:
            reply = peer.answer(words)
        except Exception as error:  # told to the driver, which gives up this mode
            reply = "error " + " ".join(str(error).split())[-200:]  # the cause stands last
        print(reply, flush=True)


main()
