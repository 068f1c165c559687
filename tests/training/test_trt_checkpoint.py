"""Checkpoints of trt_pose load by name, and whatever else a file holds is refused without running it."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from cabinsafe.errors import ModelError  # noqa: E402
from cabinsafe.training.pose.networks.resnet_att import (  # noqa: E402
    Bottleneck,
    ResNetAttention,
    resnet18_att,
    resnet34_att,
    resnet50_att,
)
from cabinsafe.training.pose.networks.trt_checkpoint import load_trt_checkpoint  # noqa: E402

MAKERS = (resnet18_att, resnet34_att, resnet50_att)


def shapes_of(make: Callable[[], object]) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in make().state_dict().items()}


def stand_ins(shapes: dict[str, tuple[int, ...]]) -> dict:
    """Tensors of these shapes that take one number each in a file."""
    return {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}


def altered(changes: dict[str, object]) -> dict:
    """A good ResNet-18 with some tensors replaced, or dropped where None."""
    tensors = {**stand_ins(shapes_of(resnet18_att)), **changes}
    return {name: value for name, value in tensors.items() if value is not None}


def save(path: Path, content: object, **options: object) -> Path:
    torch.save(content, path, **options)
    return path


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = resnet18_att().eval()
    classifier = stand_ins({"0.resnet.fc.weight": (1000, 512), "0.resnet.fc.bias": (1000,)})
    path = save(tmp_path / "resnet18.pth", OrderedDict({**network.state_dict(), **classifier}))
    loaded = load_trt_checkpoint(path)
    path.unlink()  # 80 MB
    assert not loaded.training
    image = torch.linspace(0, 255, 3 * 32 * 32).reshape(1, 3, 32, 32)
    with torch.no_grad():
        for ours, theirs in zip(loaded(image), network(image), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("make", MAKERS)
def test_the_network_is_told_by_its_tensors(make: Callable[[], object], tmp_path: Path) -> None:
    shapes = shapes_of(make)
    loaded = load_trt_checkpoint(save(tmp_path / "any.pth", stand_ins(shapes)))
    assert {name: tuple(tensor.shape) for name, tensor in loaded.state_dict().items()} == shapes


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_wrapped_and_prefixed_names_are_found(key: str, tmp_path: Path) -> None:
    tensors = altered({"1.paf_conv.bias": torch.arange(42.0)})
    tensors = {f"module.{name}": tensor for name, tensor in tensors.items()}
    path = save(tmp_path / "run.pth", {key: tensors, "epoch": 249, "optimizer": {"lr": 1e-3}})
    assert load_trt_checkpoint(path).state_dict()["1.paf_conv.bias"].tolist() == list(range(42))


def test_old_files_load(tmp_path: Path) -> None:
    """The format before torch 1.6, and batch norms that did not count batches yet."""
    tensors = {k: v for k, v in altered({}).items() if not k.endswith(".num_batches_tracked")}
    path = save(tmp_path / "old.pth", OrderedDict(tensors), _use_new_zipfile_serialization=False)
    assert float(load_trt_checkpoint(path).state_dict()["0.resnet.bn1.running_var"].abs().sum()) == 0


def without_attention() -> dict:
    """trt_pose's ``resnet18_baseline``: upsampling and convolution of each kind in one Sequential."""
    tensors = {name: value for name, value in altered({}).items() if name.startswith("0.")}
    head = {"1.cmap_conv.0.0.weight": torch.zeros(512, 256, 4, 4), "1.cmap_conv.1.bias": torch.zeros(18)}
    return {**tensors, **head}


def hand_pose() -> dict:
    """trt_pose's hand network: 21 keypoints, 20 limbs."""
    shapes = {"1.cmap_conv.weight": (21, 256, 1, 1), "1.cmap_conv.bias": (21,)}
    shapes |= {"1.paf_conv.weight": (40, 256, 1, 1), "1.paf_conv.bias": (40,)}
    return altered(stand_ins(shapes))


def resnet101() -> dict:
    return stand_ins(shapes_of(lambda: ResNetAttention(Bottleneck, (3, 4, 23, 3))))


REFUSED = {
    "no attention": (without_attention, r"no attention \(1\.cmap_att.*supported are.*resnet18_baseline_att"),
    "densenet": (
        lambda: {"0.densenet.features.conv0.weight": torch.zeros(1), "1.cmap_att.bias": torch.zeros(1)},
        r"no ResNet .* only 0\.densenet, 1\.cmap_att; supported are.*resnet50_baseline_att",
    ),
    "empty": (dict, "only nothing; supported"),
    "resnet101": (
        resnet101,
        r"not a resnet50_att: 0\.resnet\.layer3\.6\.conv1\.weight is unexpected.* and \d+ more; supported",
    ),
    "hand pose": (
        hand_pose,
        r"1\.cmap_conv\.weight: expected shape \(18, 256, 1, 1\), found \(21, 256, 1, 1\)",
    ),
    "missing": (
        lambda: altered({"1.paf_att.bias": None, "0.resnet.bn1.bias": None}),
        r"not a resnet18_att: 0\.resnet\.bn1\.bias is missing, 1\.paf_att\.bias is missing; supported",
    ),
    "unexpected": (lambda: altered({"extra": torch.zeros(1)}), "not a resnet18_att: extra is unexpected;"),
    "not finite": (
        lambda: altered({"1.cmap_conv.bias": torch.full((18,), torch.nan)}),
        r"finite.* in 1\.cmap_conv\.bias",
    ),
    "no tensor": (lambda: altered({"epoch": 3}), "found a dict with other things: epoch"),
    "sparse": (lambda: altered({"mask": torch.zeros(2, 2).to_sparse()}), "other things: mask"),
    "number for a name": (lambda: {3: torch.zeros(1)}, "other things: 3"),
    "list": (lambda: [torch.zeros(1)], "expected tensors by name, found a list"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_networks_are_refused(case: str, tmp_path: Path) -> None:
    make, message = REFUSED[case]
    path = save(tmp_path / "other.pth", make())
    with pytest.raises(ModelError, match=r"other\.pth: ") as refusal:
        load_trt_checkpoint(path)
    assert refusal.match(message)


class Payload:
    """Makes a directory where it is unpickled without care."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_code_in_a_file_is_not_run(kind: str, tmp_path: Path) -> None:
    path, target = tmp_path / "evil.pth", tmp_path / "made"
    if kind == "torch":
        torch.save({"state_dict": Payload(target)}, path)
    else:
        path.write_bytes(pickle.dumps({"state_dict": Payload(target)}, protocol=2))
    with pytest.raises(ModelError, match=r"evil\.pth: expected plain tensors.*code, which is never run"):
        load_trt_checkpoint(path)
    assert not target.exists()


@pytest.mark.parametrize("kind", ["module", "junk", "empty", "cut"])
def test_a_file_that_is_no_checkpoint_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(torch.nn.Linear(2, 2) if kind == "module" else {"a": torch.zeros(3)}, path)
    content = {"junk": b"no network at all", "empty": b"", "cut": path.read_bytes()[:200]}
    path.write_bytes(content.get(kind, path.read_bytes()))
    with pytest.raises(ModelError, match=r"w\.pth: expected plain tensors"):
        load_trt_checkpoint(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.pth: cannot be read: .*No such file"):
        load_trt_checkpoint(tmp_path / "gone.pth")
