"""What a person looks like, as numbers: skin, hair, clothes, things worn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from pydantic import Field

from cabinsafe.options import Options
from cabinsafe.synthetic.body import BodySpec, Share
from cabinsafe.synthetic.mesh import Material, Pattern
from cabinsafe.synthetic.sampling import generator, merged
from cabinsafe.synthetic.wardrobe import palette
from cabinsafe.synthetic.wardrobe.makehuman import garments_in

Reflectance = tuple[Share, Share, Share]
HairStyle = Literal["bald", "receding", "buzz", "short", "curly", "afro", "medium", "long", "ponytail", "bun"]
Beard = Literal["none", "stubble", "short", "full"]
Top = Literal["t_shirt", "long_sleeve", "jacket", "hoodie", "dress", "tank"]
Bottom = Literal["trousers", "shorts", "skirt"]
Shoes = Literal["sneakers", "boots", "flats"]
Hat = Literal["none", "cap", "fedora", "beanie"]
Glasses = Literal["none", "glasses", "sunglasses"]
Carried = Literal["none", "scarf", "bag_strap"]
Side = Literal["none", "left", "right"]
PatternName = Literal["plain", "stripes", "checks", "dots", "blotches", "weave"]


class Fabric(Options):
    """A cloth; colours are linear reflectance."""

    color: Reflectance = (0.2, 0.2, 0.25)
    color2: Reflectance = (0.5, 0.5, 0.5)
    pattern: PatternName = "plain"
    pattern_per_m: float = Field(20.0, ge=1, le=400, description="Repetitions per metre")
    wrinkles: Share = 0.3
    ir_reflectance: Share = Field(
        0.55, description="Under infrared light; cloth is bright whatever its colour"
    )

    def material(self) -> Material:
        """As the renderer takes it."""
        return Material(
            self.color,
            self.color2,
            Pattern[self.pattern.upper()],
            self.pattern_per_m,
            roughness=0.95,
            wrinkles=self.wrinkles,
            ir_reflectance=self.ir_reflectance,
        )


class LookSpec(Options):
    """What a person looks like; together with the body it fully determines every vertex."""

    skin_tone: Share = Field(0.3, description="0 light, 1 dark")
    skin_redness: float = Field(0.0, ge=-1, le=1, description="-1 olive, 1 rosy")
    iris_color: Reflectance = palette.IRIS[0]
    hair_style: HairStyle = "short"
    hair_color: Reflectance = palette.HAIR[1]
    beard: Beard = "none"
    brow_thickness: Share = 0.5
    top: Top = "t_shirt"
    top_fabric: Fabric = Fabric()
    under_fabric: Fabric = Field(
        Fabric(), description="The shirt under a jacket; the trimmings of MakeHuman's suits"
    )
    top_looseness: Share = 0.4
    bottom: Bottom = Field("trousers", description="A dress has its own; then this is not used")
    bottom_fabric: Fabric = Fabric()
    bottom_looseness: Share = 0.4
    shoes: Shoes = "sneakers"
    shoe_color: Reflectance = (0.05, 0.05, 0.05)
    sole_color: Reflectance = (0.6, 0.6, 0.6)
    makehuman_suit: str | None = Field(
        None, description="Top and bottom from MakeHuman's clothes; needs assets"
    )
    makehuman_shoes: str | None = None
    makehuman_hair: str | None = None
    hat: Hat = "none"
    hat_fabric: Fabric = Fabric()
    glasses: Glasses = "none"
    glasses_dark_in_ir: bool = Field(False, description="Whether sunglasses stay dark under infrared light")
    carried: Carried = "none"
    carried_fabric: Fabric = Fabric()
    phone_hand: Side = "none"
    watch_arm: Side = "none"
    face_mask: bool = False
    headphones: bool = False
    seed: int = Field(0, ge=0, description="Of small variations: folds, strands, skin")


Frequencies = Mapping[str, float]

HAIR_STYLES: Mapping[str, Frequencies] = MappingProxyType(
    {
        "male": {
            "bald": 0.08, "receding": 0.1, "buzz": 0.2, "short": 0.36, "curly": 0.1, "afro": 0.04,
            "medium": 0.06, "long": 0.02, "ponytail": 0.02, "bun": 0.02,
        },
        "female": {
            "buzz": 0.01, "short": 0.1, "curly": 0.1, "afro": 0.06, "medium": 0.2, "long": 0.25,
            "ponytail": 0.18, "bun": 0.1,
        },
        "boy": {"buzz": 0.25, "short": 0.5, "curly": 0.12, "afro": 0.05, "medium": 0.08},
        "girl": {
            "short": 0.08, "curly": 0.1, "afro": 0.05, "medium": 0.22, "long": 0.25, "ponytail": 0.25,
            "bun": 0.05,
        },
    }
)  # fmt: skip
"""How often each hair style is drawn."""
TOPS: Mapping[str, Frequencies] = MappingProxyType(
    {
        "male": {"t_shirt": 0.4, "long_sleeve": 0.3, "jacket": 0.16, "hoodie": 0.12, "tank": 0.02},
        "female": {
            "t_shirt": 0.32, "long_sleeve": 0.28, "jacket": 0.13, "hoodie": 0.08, "tank": 0.07, "dress": 0.12,
        },
    }
)  # fmt: skip
"""How often each top is drawn; boys as men, girls as women."""
BOTTOMS: Mapping[str, Frequencies] = MappingProxyType(
    {"male": {"trousers": 0.8, "shorts": 0.2}, "female": {"trousers": 0.72, "shorts": 0.14, "skirt": 0.14}}
)
SHOES: Frequencies = MappingProxyType({"sneakers": 0.6, "boots": 0.2, "flats": 0.2})
PATTERNS: Frequencies = MappingProxyType(
    {"plain": 0.5, "weave": 0.16, "stripes": 0.14, "checks": 0.1, "dots": 0.05, "blotches": 0.05}
)
BEARDS: Frequencies = MappingProxyType({"none": 0.5, "stubble": 0.22, "short": 0.18, "full": 0.1})
"""Of men; nobody else has one."""
HATS: Frequencies = MappingProxyType({"none": 0.86, "cap": 0.08, "beanie": 0.04, "fedora": 0.02})
GLASSES: Frequencies = MappingProxyType({"none": 0.72, "glasses": 0.19, "sunglasses": 0.09})
CARRIED: Frequencies = MappingProxyType({"none": 0.87, "scarf": 0.07, "bag_strap": 0.06})
SHARES: Frequencies = MappingProxyType(
    {
        "watch": 0.2, "face_mask": 0.05, "headphones": 0.03,
        "makehuman_suit": 0.5, "makehuman_shoes": 0.6, "makehuman_hair": 0.5,
    }
)  # fmt: skip
"""How often the rest is drawn; MakeHuman's things only where there are assets."""


UNSUITED = frozenset({"bob01", "bob02", "female_sportsuit01"})
"""Of MakeHuman's, not drawn: fringes that hide the eyes without their transparency, and a bare belly."""


def draw_look(
    seed: int,
    body: BodySpec,
    fixed: Mapping[str, Any] = MappingProxyType({}),
    assets: Path | None = None,
) -> LookSpec:
    """A look for a body, with the frequencies above; ``fixed`` values are kept.

    Args:
        seed: of the draw.
        body: whose look; gender and age decide what is worn.
        fixed: values of :class:`LookSpec` that are not drawn.
        assets: MakeHuman's asset folder (with ``clothes`` and ``hair``), or None.

    Raises:
        DataError: the asset folder has none.
    """
    drawn = _person(seed, body) | _clothes(seed, body) | _things(seed, body)
    drawn["seed"] = int(generator(seed, "look").integers(2**31))
    if assets is not None:
        drawn |= _from_assets(seed, body, assets)
    return LookSpec(**merged(drawn, fixed))


def _person(seed: int, body: BodySpec) -> dict[str, Any]:
    rng = generator(seed, "look", "person")
    tone = float(rng.random())
    dark, grey = tone > 0.5, max(0.0, (body.age - 0.75) * 3)
    shares = np.array([0.5, 0.3, 0.2, 0, 0, 0]) if dark else np.array([0.2, 0.3, 0.25, 0.18, 0.07, 0])
    color = palette.HAIR[-1] if rng.random() < grey else _tinted(rng, palette.HAIR[rng.choice(6, p=shares)])
    who = ("girl" if body.gender > 0.5 else "boy") if body.is_child else _gender(body)
    return {
        "skin_tone": tone,
        "skin_redness": float(rng.uniform(-1, 1)),
        "iris_color": palette.IRIS[0] if dark else palette.IRIS[rng.integers(4)],
        "hair_style": _pick(rng, HAIR_STYLES[who]),
        "hair_color": color,
        "beard": _pick(rng, BEARDS) if who == "male" else "none",
        "brow_thickness": float(rng.uniform(0.4, 1) if who == "male" else rng.uniform(0.1, 0.7)),
    }


def _clothes(seed: int, body: BodySpec) -> dict[str, Any]:
    rng = generator(seed, "look", "clothes")
    gender = _gender(body)
    return {
        "top": _pick(rng, TOPS[gender]),
        "top_fabric": _fabric(rng),
        "under_fabric": _fabric(rng),
        "top_looseness": float(rng.beta(2, 2.5)),
        "bottom": _pick(rng, BOTTOMS[gender]),
        "bottom_fabric": _fabric(rng, plain=0.7),
        "bottom_looseness": float(rng.beta(2, 2.5)),
        "shoes": _pick(rng, SHOES),
        "shoe_color": _shoe_color(rng),
        "sole_color": palette.shaded((1, 1, 1), float(rng.choice([0.03, 0.1, 0.4, 0.75]))),
    }


def _things(seed: int, body: BodySpec) -> dict[str, Any]:
    rng = generator(seed, "look", "things")
    glasses = _pick(rng, GLASSES)
    return {
        "hat": _pick(rng, HATS),
        "hat_fabric": _fabric(rng, plain=0.8),
        "glasses": "none" if body.is_child and glasses == "sunglasses" else glasses,
        "glasses_dark_in_ir": bool(rng.random() < 0.4),
        "carried": _pick(rng, CARRIED),
        "carried_fabric": _fabric(rng),
        "watch_arm": str(rng.choice(["left", "right"])) if rng.random() < SHARES["watch"] else "none",
        "face_mask": bool(rng.random() < SHARES["face_mask"]),
        "headphones": bool(rng.random() < SHARES["headphones"]),
    }


def _from_assets(seed: int, body: BodySpec, assets: Path) -> dict[str, Any]:
    rng = generator(seed, "look", "assets")
    clothes = [name for name in garments_in(assets, "clothes") if name not in UNSUITED]
    hair = [name for name in garments_in(assets, "hair") if name not in UNSUITED]
    gender = _gender(body)
    choices = {
        "makehuman_suit": [name for name in clothes if name.startswith(gender) and "suit" in name],
        "makehuman_shoes": [name for name in clothes if name.startswith("shoes")],
        "makehuman_hair": [n for n in hair if gender == "female" or n.startswith(("short", "afro"))],
    }
    drawn: dict[str, Any] = {}
    for key, names in choices.items():
        worn, which = rng.random() < SHARES[key], rng.random()
        drawn[key] = names[int(which * len(names))] if worn and names else None
    return drawn


def _shoe_color(rng: np.random.Generator) -> Reflectance:
    """Three in four black, brown, grey or white."""
    muted: tuple[Reflectance, ...] = (
        (0.015, 0.014, 0.013),
        (0.07, 0.035, 0.018),
        (0.15, 0.15, 0.15),
        (0.7, 0.7, 0.68),
    )
    return muted[rng.integers(4)] if rng.random() < 0.75 else palette.cloth_color(rng)


def _gender(body: BodySpec) -> str:
    return "female" if body.gender > 0.5 else "male"


def _fabric(rng: np.random.Generator, plain: float = 0.0) -> dict[str, Any]:
    color, color2 = palette.cloth_color(rng), palette.cloth_color(rng)
    pattern, is_plain = _pick(rng, PATTERNS), rng.random() < plain
    return {
        "color": color,
        "color2": palette.shaded(color, 0.6) if pattern == "weave" else color2,
        "pattern": "plain" if is_plain else pattern,
        "pattern_per_m": float(rng.uniform(120, 300) if pattern == "weave" else rng.uniform(8, 40)),
        "wrinkles": float(rng.uniform(0.1, 0.5)),
        "ir_reflectance": float(rng.uniform(0.3, 0.8)),
    }


def _tinted(rng: np.random.Generator, color: tuple[float, float, float]) -> tuple[float, float, float]:
    return palette.shaded(color, float(rng.uniform(0.7, 1.4)))


def _pick(rng: np.random.Generator, frequencies: Frequencies) -> str:
    names: Sequence[str] = tuple(frequencies)
    shares = np.array(tuple(frequencies.values()))
    return str(rng.choice(names, p=shares / shares.sum()))
