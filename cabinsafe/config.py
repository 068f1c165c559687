"""CabinConfig: one YAML file per cabin. Unknown keys are refused; every refusal names file, key and range."""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from cabinsafe.camera_health import CameraHealthOptions
from cabinsafe.detectors import DetectorOptions, TunableOptions, detector_class, detector_kinds
from cabinsafe.detectors.base import BUILT_IN
from cabinsafe.errors import ConfigError, within
from cabinsafe.events import CAMERA_KINDS, GateOptions
from cabinsafe.options import Options, OptionsError
from cabinsafe.pose.boxes import BoxOptions
from cabinsafe.pose.decoder import DecoderOptions
from cabinsafe.pose.engines import EngineOptions
from cabinsafe.resources import bundled_dir
from cabinsafe.tracking import TrackerOptions
from cabinsafe.views import CameraView, check_places
from cabinsafe.yaml_file import read_mapping

DEFAULT_MODEL = "cabinsafe-pose"


class PoseConfig(EngineOptions):
    """Which network finds the skeletons and boxes, and how."""

    model: str = Field(
        DEFAULT_MODEL,
        description="Embedded network's name, or path of a card beside its file; '@' and a side in pixels "
        "behind it choose a smaller, quicker input, or a larger one, up to 2048",
    )
    decoder: DecoderOptions = DecoderOptions()
    expect_s: float = Field(
        0.0,
        ge=0,
        le=2,
        description="A keypoint seen no longer ago is expected where its track moves, and limbs that several "
        "people could own go to the one expected there; 0 decodes each frame by itself",
    )
    boxes: bool = Field(
        True,
        description="Whether the tracker gets the person boxes of a network that has a head for them; boxes "
        "of a person detector or of the caller take their place",
    )
    box_decoder: BoxOptions = BoxOptions()


class PersonDetectorConfig(Options):
    """An optional person detector; ``options`` go to its constructor."""

    kind: str
    options: dict[str, Any] = Field(default_factory=dict)


class CabinConfig(Options):
    """Everything that is particular to one cabin.

    Raises:
        ConfigError: on construction, for any value out of range or unknown key.
    """

    name: str = Field(min_length=1, description="What this cabin is called in reports")
    cameras: tuple[CameraView, ...] = Field(min_length=1)
    pose: PoseConfig = PoseConfig()
    tracker: TrackerOptions = TrackerOptions()
    person_detector: PersonDetectorConfig | None = None
    camera_health: CameraHealthOptions | None = Field(
        CameraHealthOptions(),
        description="How blind, frozen and moved cameras are noticed; null for not at all",
    )
    detectors: dict[str, dict[str, Any]] = Field(
        default_factory=lambda: {kind: dict[str, Any]() for kind in BUILT_IN},
        description="Kind to options; a detector that is not named does not run",
    )
    events: dict[str, GateOptions] = Field(
        default_factory=dict,
        description="Kind to gate options; 'default' stands for detectors that are not named",
    )

    def __init__(self, /, **values: Any) -> None:
        super().__init__(**values)
        self._check_events()
        self._check_places()

    @field_validator("cameras")
    @classmethod
    def _cameras_differ(cls, cameras: tuple[CameraView, ...]) -> tuple[CameraView, ...]:
        names = [camera.camera_id for camera in cameras]
        if len(set(names)) != len(names):
            raise ValueError(f"camera ids must differ, got {', '.join(names)}")
        return cameras

    @property
    def views(self) -> dict[str, CameraView]:
        """Camera views by camera id, in the file's order."""
        return {camera.camera_id: camera for camera in self.cameras}

    @property
    def digest(self) -> str:
        """Sha256 of the content, defaults included; comments, order, and where files lie do not count."""
        content = self.model_dump(mode="json")
        content["detectors"] = {k: o.model_dump(mode="json") for k, o in self.detector_options().items()}
        for section, key in _path_places(content):
            section[key] = Path(section[key]).name
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def detector_options(self) -> dict[str, DetectorOptions]:
        """Options of each detector, checked by the detector's own class.

        Raises:
            ConfigError: an unknown kind, key or value.
        """
        checked = {}
        for kind, options in self.detectors.items():
            model = detector_class(kind).Options
            try:
                checked[kind] = model(**options)
            except OptionsError as error:
                raise error.within("detectors", kind) from error
        return checked

    def _check_events(self) -> None:
        known = [*self.detectors, "default", *CAMERA_KINDS]
        for kind in self.events:
            if kind not in known:
                raise ConfigError(
                    f"events.{kind}: no such detector in this file; there are {', '.join(known)}"
                )

    def _check_places(self) -> None:
        """Overrides are for seats and cameras that there are."""
        for kind, options in self.detector_options().items():
            if isinstance(options, TunableOptions):
                check_places(self.views, options.per_view, options.per_seat, f"detectors.{kind}.")
        for kind, gate in self.events.items():
            check_places(self.views, gate.per_view, gate.per_seat, f"events.{kind}.")


def load_config(path: str | Path) -> CabinConfig:
    """Read one cabin's YAML file, or the bundled one of a bare name (``"sedan"``).

    Paths in it (``pose.model``, ``pose.recording``, ``detectors.*.model`` and ``seat_model``,
    ``person_detector.options.path``, ``pose.tensorrt.plan`` and ``cache``) are relative to it.

    Raises:
        ConfigError: it cannot be read, is no YAML mapping, names a key twice, or holds an unknown key or a
            value out of range; the message names file, key and what is allowed.
    """
    file = find_config(path)
    values = read_mapping(file)
    _resolve_paths(values, file.parent)
    with within(file):
        return CabinConfig(**{str(key): value for key, value in values.items()})


def config_schema() -> dict[str, Any]:
    """JSON Schema of a cabin file, with the options of every detector installed here."""
    schema = CabinConfig.model_json_schema()
    kinds = {}
    for kind in detector_kinds():
        options = detector_class(kind).Options.model_json_schema()
        schema["$defs"] |= options.pop("$defs", {})
        kinds[kind] = options
    schema["properties"]["detectors"] |= {"properties": kinds, "additionalProperties": False}
    return schema


def find_config(path: str | Path) -> Path:
    """Where a cabin file lies: the bundled one of a bare name, unless there is a file of that name.

    Raises:
        ConfigError: there is neither.
    """
    given = Path(path)
    if given.parent != Path() or given.exists():
        return given
    bundled = {file.stem: file for file in sorted(bundled_dir("configs").glob("*.yaml"))}
    if str(path) in bundled:
        return bundled[str(path)]
    near = difflib.get_close_matches(given.stem, bundled, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"no cabin '{path}': neither a file nor one of the bundled {', '.join(bundled)}{hint}")


def _resolve_paths(values: dict[Any, Any], folder: Path) -> None:
    """Make the file's relative paths absolute, in place; embedded model names stay as they are."""
    for section, key in file_places(values):
        section[key] = str(folder / section[key])


def file_places(values: dict[Any, Any]) -> list[tuple[dict[Any, Any], str]]:
    """Where a cabin file names files and folders, not embedded models: section and key."""
    return [(s, key) for s, key in _path_places(values) if key == "cache" or Path(s[key]).suffix]


def _path_places(values: dict[Any, Any]) -> list[tuple[dict[Any, Any], str]]:
    """Where a cabin file, or its dump, holds paths: section and key."""
    detector, detectors, pose = (values.get(key) for key in ("person_detector", "detectors", "pose"))
    tensorrt = pose.get("tensorrt") if isinstance(pose, dict) else None
    places = [(pose, "model"), (pose, "recording"), (tensorrt, "plan"), (tensorrt, "cache")]
    places.append((detector.get("options") if isinstance(detector, dict) else None, "path"))
    judges = detectors.values() if isinstance(detectors, dict) else ()
    places += [(options, key) for options in judges for key in ("model", "seat_model")]
    return [(s, key) for s, key in places if isinstance(s, dict) and isinstance(s.get(key), str)]
