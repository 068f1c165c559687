"""Plans on disk: TensorRT's bytes behind a header that says what they are, and who built them.

A plan is tied to the network, the TensorRT version and the GPU, and can hold code that TensorRT runs: one
that has no such header, or whose bytes are not those that the header names, is never given to TensorRT.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from cabinsafe.errors import EngineError
from cabinsafe.pose.engines.options import Flavour, Precision
from cabinsafe.whole_files import replace_file

MAGIC: Final = b"cabinsafe plan 1\n"
SUFFIX: Final = ".plan"
ANY_GPU: Final = "any"
"""GPU and driver of a plan that was built where there is none."""
_HEADER_LIMIT: Final = 1 << 16


class PlanKey(BaseModel):
    """All that a plan depends on. A plan whose key differs in anything is not used.

    Attributes:
        model: name on the network's card.
        network_sha256: digest of the ONNX file.
        flavour, version: of TensorRT.
        gpu, compute_capability, driver: what it was built on, or :data:`ANY_GPU`.
        precision, chw, batches, workspace_mib: what was asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    network_sha256: str
    flavour: Flavour
    version: str
    gpu: str
    compute_capability: str
    driver: str
    precision: Precision
    chw: tuple[int, int, int]
    batches: tuple[int, int, int]
    workspace_mib: int

    @property
    def file_name(self) -> str:
        """Name in a cache: one for each way in which users may want the network; a stale plan is replaced."""
        wanted = self.model_dump(exclude={"network_sha256", "version", "driver", "compute_capability"})
        digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
        name = re.sub(r"[^\w.-]", "_", self.model)
        return f"{name}-{self.precision}-{digest[:12]}{SUFFIX}"

    def differences(self, wanted: PlanKey) -> list[str]:
        """In words, what differs from the key of the wanted plan; what was built for any GPU fits all."""
        skipped = {"gpu", "compute_capability", "driver"} if self.gpu == ANY_GPU else set()
        return [
            f"{name.replace('_', ' ')} {getattr(self, name)}, not {getattr(wanted, name)}"
            for name in type(self).model_fields
            if name not in skipped and getattr(self, name) != getattr(wanted, name)
        ]


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1  # to be raised, too, when plans are built in another way
    key: PlanKey
    plan_sha256: str
    seal: str


class StoredPlan(NamedTuple):
    """A plan as read from disk; ``built_here`` is whether this user built it on this machine."""

    key: PlanKey
    plan: bytes
    built_here: bool


def write_plan(path: Path, key: PlanKey, plan: bytes) -> None:
    """Write a plan, whole or not at all.

    Raises:
        OutputError: it cannot be written.
        EngineError: the user's seal cannot be made.
    """
    digest = hashlib.sha256(plan).hexdigest()
    header = _Header(key=key, plan_sha256=digest, seal=_seal(key, digest, _secret(create=True)))
    text = header.model_dump_json().encode()
    replace_file(path, [MAGIC, len(text).to_bytes(4, "little"), text, plan])


def read_plan(path: Path) -> StoredPlan:
    """Read a plan and check that it is whole.

    Raises:
        EngineError: it cannot be read, is no plan of this library, or is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EngineError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not content.startswith(MAGIC):
        raise EngineError(f"{path}: not a plan that cabinsafe built; `cabinsafe engine build` makes one")
    start = len(MAGIC) + 4
    length = int.from_bytes(content[len(MAGIC) : start], "little")
    try:
        if length > _HEADER_LIMIT:
            raise ValueError(f"its header claims {length} bytes")
        header = _Header.model_validate_json(content[start : start + length])
    except ValueError as error:  # pydantic's ValidationError is one
        raise EngineError(f"{path}: damaged: {_first_line(error)}") from error
    plan = content[start + length :]
    digest = hashlib.sha256(plan).hexdigest()
    if digest != header.plan_sha256:
        raise EngineError(f"{path}: damaged: expected sha256 {header.plan_sha256}, found {digest}")
    expected = _seal(header.key, digest, _secret(create=False))
    return StoredPlan(header.key, plan, hmac.compare_digest(expected, header.seal))


def _first_line(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"header {'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)


def _seal(key: PlanKey, plan_sha256: str, secret: bytes) -> str:
    message = key.model_dump_json().encode() + plan_sha256.encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _secret(*, create: bool) -> bytes:
    """What only this user on this machine knows; without one yet, a throw-away that seals nothing."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = state / "cabinsafe" / "plan-seal"
    try:
        if create and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _create_once(path, secrets.token_bytes(32))
        return path.read_bytes() if path.exists() else secrets.token_bytes(32)
    except OSError as error:
        raise EngineError(
            f"{path}: the secret that seals plans cannot be kept there: {error.strerror or error}; set "
            "XDG_STATE_HOME to a folder that can be written"
        ) from error


def _create_once(path: Path, content: bytes) -> None:
    """Put a private file in place, unless another process just did."""
    handle, partial = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with suppress(FileExistsError):
            os.link(partial, path)
    finally:
        os.unlink(partial)
