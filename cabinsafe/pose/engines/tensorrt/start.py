"""From a network's card to a running engine: a plan from the cache where it fits, else a new one."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from pathlib import Path

from cabinsafe.errors import EngineError, OutputError
from cabinsafe.pose.card import PoseCard
from cabinsafe.pose.engines.cuda import Device, open_device
from cabinsafe.pose.engines.options import TensorRTOptions
from cabinsafe.pose.engines.tensorrt.engine import TensorRTEngine
from cabinsafe.pose.engines.tensorrt.plan import ANY_GPU, PlanKey, StoredPlan, read_plan, write_plan
from cabinsafe.pose.engines.tensorrt.precision import prepared_network
from cabinsafe.pose.engines.tensorrt.session import Session
from cabinsafe.pose.engines.tensorrt.vendor import BuildRequest, Vendor, load_vendor

_log = logging.getLogger(__name__)


def open_tensorrt(card: PoseCard, options: TensorRTOptions) -> TensorRTEngine:
    """Run a network with TensorRT; see :class:`TensorRTEngine`.

    Without ``options.plan`` the plan comes from the cache. One that is missing, damaged, stale or built
    elsewhere is built again, which takes from seconds to minutes; a warning is logged that says why.

    Raises:
        MissingExtraError: TensorRT, or a package for device memory, is not installed.
        EngineError: no driver, no such GPU, too little memory, or a named plan that does not fit.
        ModelError: the network is missing, not the card's, or not one that TensorRT can read.
    """
    vendor = load_vendor(options.flavour)
    with ExitStack() as stack:
        device = open_device(options.gpu, options.bindings)
        stack.callback(device.close)
        key = plan_key(card, options, vendor, device)
        with device.current():
            session = (
                _open_named(key, options, vendor) if options.plan else _open_kept(card, key, options, vendor)
            )
        stack.pop_all()  # the engine's from here on, even if it cannot start
    return TensorRTEngine(
        session,
        device,
        card.input,
        cuda_graph=options.cuda_graph,
        prepares_images=options.letterbox == "device",
    )


def build_plan(card: PoseCard, options: TensorRTOptions, out: Path | None = None) -> Path:
    """Build a plan, and write it to a file or into the cache; TensorRT-RTX needs no GPU for it.

    Raises:
        MissingExtraError: TensorRT, or a package for device memory, is not installed.
        EngineError: no driver or GPU, or TensorRT cannot build it.
        ModelError: the network is missing, not the card's, or not one that TensorRT can read.
        OutputError: the file cannot be written.
    """
    vendor = load_vendor(options.flavour)
    with ExitStack() as stack:
        device = None
        if not vendor.portable:
            device = open_device(options.gpu, options.bindings)
            stack.callback(device.close)
            stack.enter_context(device.current())
        key = plan_key(card, options, vendor, device)
        path = out or cache_folder(options) / key.file_name
        _keep(path, key, _build(card, key, vendor))
    return path


def describe() -> str:
    """TensorRT and GPU, for people.

    Raises:
        MissingExtraError: TensorRT, or a package for device memory, is not installed.
        EngineError: no driver or no GPU.
    """
    vendor = load_vendor()
    device = open_device()
    try:
        major, minor = device.compute_capability
        return f"{vendor}, {device.name}, compute capability {major}.{minor}, CUDA {device.driver}"
    finally:
        device.close()


def plan_key(card: PoseCard, options: TensorRTOptions, vendor: Vendor, device: Device | None) -> PlanKey:
    """Key of the plan that is wanted; plans of TensorRT-RTX are for any GPU."""
    on_gpu = None if vendor.portable else device
    width, height = card.input.size_wh
    return PlanKey(
        model=card.name,
        network_sha256=card.sha256,
        flavour=vendor.flavour,
        version=vendor.version,
        gpu=on_gpu.name if on_gpu else ANY_GPU,
        compute_capability="{}.{}".format(*on_gpu.compute_capability) if on_gpu else ANY_GPU,
        driver=on_gpu.driver if on_gpu else ANY_GPU,
        precision=options.precision,
        chw=(3, height, width),
        batches=(1, options.batch or 1, options.max_batch),
        workspace_mib=options.workspace_mib,
    )


def cache_folder(options: TensorRTOptions) -> Path:
    """Where plans are kept."""
    if options.cache is not None:
        return Path(options.cache)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cabinsafe" / "plans"


def _open_named(key: PlanKey, options: TensorRTOptions, vendor: Vendor) -> Session:
    path = Path(options.plan or "")
    return vendor.open(_fitting(path, key, options).plan)


def _open_kept(card: PoseCard, key: PlanKey, options: TensorRTOptions, vendor: Vendor) -> Session:
    """From the cache, else from a new plan."""
    path = cache_folder(options) / key.file_name
    if path.exists():
        try:
            return vendor.open(_fitting(path, key, options).plan)
        except EngineError as error:
            _log.warning("%s; the plan is built again", error)
    else:
        _log.warning(
            "building a plan of '%s' for %s, %s: this can take minutes", key.model, vendor, key.precision
        )
    plan = _build(card, key, vendor)
    try:
        _keep(path, key, plan)
    except (OutputError, EngineError) as error:
        _log.warning("the plan cannot be kept, and will be built again at the next start: %s", error)
    return vendor.open(plan)


def _fitting(path: Path, key: PlanKey, options: TensorRTOptions) -> StoredPlan:
    """A stored plan, if it is the one that is wanted and may be used."""
    stored = read_plan(path)
    differences = stored.key.differences(key)
    if differences:
        raise EngineError(f"{path}: built for {'; '.join(differences)}")
    if not stored.built_here and not options.allow_foreign:
        raise EngineError(
            f"{path}: not built by this user on this machine; a plan can hold code, and "
            "pose.tensorrt.allow_foreign lets it run"
        )
    return stored


def _build(card: PoseCard, key: PlanKey, vendor: Vendor) -> bytes:
    network = prepared_network(card.verified_file(), key.precision, vendor.strongly_typed)
    return vendor.build(network, BuildRequest(key.precision, key.chw, key.batches, key.workspace_mib << 20))


def _keep(path: Path, key: PlanKey, plan: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent}: cannot be created: {error.strerror or error}") from error
    write_plan(path, key, plan)
