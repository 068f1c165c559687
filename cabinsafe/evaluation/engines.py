"""Engines side by side on the frames of a video: time by stage, memory, likeness to ONNX Runtime."""

from __future__ import annotations

import dataclasses
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from cabinsafe.errors import CabinSafeError, MediaError
from cabinsafe.evaluation.accuracy import Prediction, coco_results
from cabinsafe.evaluation.pairs import similarities
from cabinsafe.media import open_source
from cabinsafe.pose import DecoderOptions, OnnxEngine, PafDecoder, PoseCard, PoseEstimator, PoseResult
from cabinsafe.pose.engines import Engine, EngineOptions, TensorRTEngine, make_engine
from cabinsafe.types import Frame

STAGES: Final = ("pre", "forward", "post", "total")
"""Frames to tensor, network, maps to skeletons, and their sum."""
_WARM_UP: Final = 3
_SHIFT: Final = 25


@dataclass(frozen=True)
class ProfileRequest:
    """What to measure.

    Attributes:
        model: name of an embedded network, or path of a card.
        engine: which engine, and how.
        video: whatever ``cabinsafe analyze`` takes; each further camera sees it some frames later.
        cameras: frames in one batch.
        batches: most batches to time; fewer where the video ends.
        compared: batches to compare with ONNX Runtime.
    """

    model: str
    engine: EngineOptions
    video: str
    cameras: int = 1
    batches: int = 100
    compared: int = 10


@dataclass(frozen=True)
class Spread:
    """Milliseconds per batch.

    Attributes:
        median, p95, p99: by the clock.
        cpu: median processor time of all threads, which other programs on the machine hardly change.
    """

    median: float
    p95: float
    p99: float
    cpu: float


@dataclass(frozen=True)
class Likeness:
    """How near an engine is to ONNX Runtime with the same network on the same frames.

    Attributes:
        frames: how many.
        map_difference: output name to the largest difference of any value.
        people, expected_people: found by the engine, and by ONNX Runtime.
        oks: mean object keypoint similarity of the latter to the engine's, 0 for one that it missed; None
            without people.
    """

    frames: int
    map_difference: Mapping[str, float]
    people: int
    expected_people: int
    oks: float | None


@dataclass(frozen=True)
class EngineProfile:
    """What was measured of one engine.

    Attributes:
        engine: its name, and the precision for TensorRT.
        batches: that were timed.
        stages: each of :data:`STAGES`.
        fps: frames per second of all cameras together, video decoding left out.
        peak_memory_mb: of the process, which did nothing else; None where the system does not tell.
        device_memory_mb: of the GPU, for tensors and layers.
        likeness: to ONNX Runtime; None for itself.
        refusal: why there is none of all this.
    """

    engine: str
    batches: int = 0
    stages: Mapping[str, Spread] = dataclasses.field(default_factory=dict)
    fps: float | None = None
    peak_memory_mb: float | None = None
    device_memory_mb: float | None = None
    likeness: Likeness | None = None
    refusal: str | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        return dataclasses.asdict(self)


def profile_engines(requests: Sequence[ProfileRequest]) -> Iterator[EngineProfile]:
    """Measure engines one after the other, each in a process of its own, so that its memory is its own.

    An engine that cannot run, or crashes, does not stop the others: its profile says so.
    """
    for request in requests:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            try:
                yield process.submit(_profile_or_refusal, request).result()
            except BrokenProcessPool:
                yield EngineProfile(
                    label(request.engine), refusal="its process died; see what it wrote above"
                )


def profile_engine(request: ProfileRequest) -> EngineProfile:
    """Measure one engine, in this process.

    Raises:
        ModelError, EngineError, MissingExtraError: the engine cannot run the network.
        MediaError: the video cannot be read, or is shorter than what warms the engine up.
    """
    card = PoseCard.load(request.model)
    with closing(_estimator(make_engine(request.engine, card, request.cameras), card)) as estimator:
        times = np.array([_timed(estimator, frames) for frames in _batches(request, request.batches)])
        timed = times[_WARM_UP:]
        if not len(timed):
            raise MediaError(f"{request.video}: more than {_WARM_UP} frames expected, got {len(times)}")
        stages = np.concatenate([timed, timed.sum(axis=1, keepdims=True)], axis=1)
        engine = estimator.engine
        return EngineProfile(
            engine=label(request.engine),
            batches=len(timed),
            stages={name: _spread(stages[:, place]) for place, name in enumerate(STAGES)},
            fps=float(1e3 * request.cameras * len(timed) / timed[..., 0].sum()),
            peak_memory_mb=_peak_memory_mb(),
            device_memory_mb=engine.device_bytes / 1e6 if isinstance(engine, TensorRTEngine) else None,
            likeness=None if request.engine.engine == "onnx" else _compare(request, estimator),
        )


def label(options: EngineOptions) -> str:
    """Name of an engine in tables."""
    precision = f" {options.tensorrt.precision}" if options.engine == "tensorrt" else ""
    return options.engine + precision


def _profile_or_refusal(request: ProfileRequest) -> EngineProfile:
    try:
        return profile_engine(request)
    except CabinSafeError as error:
        return EngineProfile(label(request.engine), refusal=str(error))


def _estimator(engine: Engine, card: PoseCard) -> PoseEstimator:
    options = DecoderOptions(min_person_score=card.min_person_score)
    return PoseEstimator(engine, card, PafDecoder(card.topology, options))


def _batches(request: ProfileRequest, count: int) -> Iterator[list[Frame]]:
    """Batches of one frame per camera, those that warm up included; nothing is held."""
    with ExitStack() as stack:
        cameras = []
        for number in range(request.cameras):
            source = stack.enter_context(open_source(request.video))
            shift = min(_SHIFT, (source.frame_count or 0) // (2 * request.cameras))
            cameras.append(islice(source, number * shift, None))
        yield from islice(map(list, zip(*cameras, strict=False)), count + _WARM_UP)


def _timed(estimator: PoseEstimator, frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Milliseconds of pre-processing, network and decoding (3, 2): by the clock, and of processors."""
    stamps = [_now()]
    batch, transforms = estimator.preprocess(frames)
    stamps.append(_now())
    maps = estimator.infer(batch)
    stamps.append(_now())
    for one, transform in zip(maps, transforms, strict=True):
        estimator.decode(one, transform)
    stamps.append(_now())
    return np.diff(stamps, axis=0) * 1e3


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _spread(millis: NDArray[np.float64]) -> Spread:
    median, p95, p99 = np.percentile(millis[:, 0], [50, 95, 99]).tolist()
    return Spread(median, p95, p99, cpu=float(np.median(millis[:, 1])))


def _peak_memory_mb() -> float | None:
    """Of this process since it began; ``getrusage`` would count the parent's."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), None)


def _compare(request: ProfileRequest, estimator: PoseEstimator) -> Likeness:
    card = estimator.card
    frames = [
        frame for batch in islice(_batches(request, request.compared), request.compared) for frame in batch
    ]
    engine = OnnxEngine(card.verified_file(), request.engine.threads)
    differences: dict[str, float] = dict.fromkeys(card.maps.names, 0.0)
    found_count, similar = 0, list[float]()
    with closing(_estimator(engine, card)) as reference:
        for frame in frames:
            (expected,), (found,) = (one.estimate([frame]) for one in (reference, estimator))
            for name, ours, theirs in zip(card.maps.names, found.maps, expected.maps, strict=False):
                if ours is not None and theirs is not None:
                    differences[name] = max(differences[name], float(np.abs(ours - theirs).max()))
            found_count += len(found.skeletons)
            similar += _oks(_predictions(expected), _predictions(found), card.topology.keypoints)
    mean = float(np.mean(similar)) if similar else None
    return Likeness(len(frames), differences, found_count, len(similar), mean)


def _predictions(result: PoseResult) -> list[Prediction]:
    return [(s.xy, s.score, s.person_score) for s in result.skeletons]


def _oks(expected: Sequence[Prediction], found: Sequence[Prediction], names: Sequence[str]) -> list[float]:
    """Similarity of each expected person to the one who is paired with them."""
    people = coco_results({0: expected}, names)
    table = similarities(people, found, names)
    values = np.zeros(len(people))
    rows, columns = linear_sum_assignment(table, maximize=True)
    values[rows] = table[rows, columns]
    return [float(value) for value in values]
