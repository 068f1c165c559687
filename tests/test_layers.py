"""Who may import whom, read from the source: data moves only forward, vendors stay in their files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "cabinsafe"

# A module may import those of lower layers; one row is one layer, siblings in a row never import each other.
LAYERS = [
    ["cli"],
    [
        "synth_cli",
        "data_cli",
        "label_cli",
        "train_cli",
        "export_cli",
        "evaluate_cli",
        "engine_cli",
        "replay_cli",
        "tune_cli",
    ],
    ["cli_parts"],
    ["replay"],
    ["run", "doctor"],
    ["analyzer"],
    ["assembly", "inspection"],
    ["config"],
    ["stream"],
    ["pose", "tracking", "detectors", "events", "camera_health", "person_detectors", "interrupts", "jsonl"],
    ["views", "onnx_session", "cards", "data"],
    ["types", "geometry", "resources", "closing"],
    ["vehicle", "skeleton"],
    ["fields", "options", "yaml_file"],
    ["whole_files"],
    ["errors"],
]
SIDE = ["media", "training", "synthetic", "evaluation", "tuning"]
COMMANDS = {  # side room: the only modules of the rows above that may import it
    "training": ["train_cli", "export_cli", "label_cli"],
    "synthetic": ["synth_cli"],
    "evaluation": ["evaluate_cli", "engine_cli", "tune_cli"],
    "tuning": ["tune_cli"],
}
BESIDE = {
    "media": [],
    "synthetic": ["media"],
    "evaluation": ["media"],
    "training": ["media", "evaluation"],
    "tuning": ["evaluation"],
}
CLIS = ["cli", *LAYERS[1]]
VENDORS = {  # third-party package: the only places that may import it
    "cv2": ["media", "doctor", "training", "synthetic", "evaluation.pictures"],
    "onnxruntime": ["onnx_session", "doctor", "training", "pose.engines.tensorrt.precision"],
    "onnx": ["training", "pose.engines.tensorrt.precision"],
    "openvino": ["pose.engines.openvino"],
    "tensorrt": ["pose.engines.tensorrt.vendor"],
    "tensorrt_rtx": ["pose.engines.tensorrt.vendor"],
    "cuda": ["pose.engines.cuda"],
    "pycuda": ["pose.engines.cuda.pycuda"],
    "filterpy": [],
    "cabinsafe._native": ["pose.decoder"],
    "cabinsafe._preprocess": ["pose.preprocess"],
    "cabinsafe._render": ["synthetic.render"],
    "cabinsafe._tracking": ["tracking"],
    "torch": ["training", "synthetic.body"],
    "anny": ["synthetic.body"],
    "sklearn": ["training"],
    "pycocotools": ["evaluation.accuracy"],
    "typer": CLIS,
    "rich": [*CLIS, "cli_parts"],
    "mlflow": ["training.pose.run_log"],
    "yaml": ["yaml_file"],
    "ruamel": ["yaml_file"],
}


def modules() -> dict[str, ast.Module]:
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(name: str) -> str:
    return name.partition(".")[0]


def rank(name: str) -> int | None:
    return next((i for i, row in enumerate(LAYERS) if room(name) in row), None)


def inner_imports(tree: ast.Module) -> set[str]:
    return {name.removeprefix("cabinsafe.") for name in imports(tree) if name.startswith("cabinsafe.")}


MODULES = modules()


def test_every_module_has_its_place() -> None:
    homeless = {room(name) for name in MODULES if name and rank(name) is None and room(name) not in SIDE}
    assert homeless == set()


@pytest.mark.parametrize("name", [name for name in MODULES if rank(name) is not None])
def test_imports_go_downward_only(name: str) -> None:
    for target in inner_imports(MODULES[name]):
        if room(target) == room(name):
            continue
        if room(target) == "media":
            assert rank(name) <= rank("analyzer"), f"{name} imports {target}"
            continue
        if room(target) in COMMANDS:
            assert name in COMMANDS[room(target)], f"{name} imports {target}: it is not in the run-time path"
            continue
        if room(target) not in {"_native", "_preprocess", "_tracking"}:
            assert rank(target) > rank(name), f"{name} imports {target}"


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) in SIDE])
def test_side_rooms_import_few_of_each_other(name: str) -> None:
    others = {room(target) for target in inner_imports(MODULES[name])} & set(SIDE) - {room(name)}
    assert others <= set(BESIDE[room(name)])


@pytest.mark.parametrize(("vendor", "places"), VENDORS.items())
def test_vendors_stay_in_their_files(vendor: str, places: list[str]) -> None:
    users = {
        name
        for name, tree in MODULES.items()
        if any(target == vendor or target.startswith(f"{vendor}.") for target in imports(tree))
    }
    strangers = {user for user in users if not any(user == p or user.startswith(f"{p}.") for p in places)}
    assert strangers == set()


def test_no_module_level_mutable_state() -> None:
    """Module-level names are bound to functions, classes, tuples, frozensets, mapping proxies or scalars."""
    mutable = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    offenders = []
    for name, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, mutable):
                names = node.targets if isinstance(node, ast.Assign) else [node.target]
                offenders += [
                    f"{name}.{n.id}" for n in names if isinstance(n, ast.Name) and n.id != "__all__"
                ]
    assert offenders == []


def test_functions_and_files_stay_short() -> None:
    long = []
    for file in ROOT.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if len(text.splitlines()) > 300:
            long.append(f"{file.name}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                if lines > 40:
                    long.append(f"{file.name}:{node.name}: {lines} lines")
    assert long == []


def test_python_3_10_can_parse_everything() -> None:
    for file in ROOT.rglob("*.py"):
        ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 10))
