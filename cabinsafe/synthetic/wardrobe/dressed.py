"""Dressing a body once, in the rest pose; then posing all that it wears."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.mesh import Mesh
from cabinsafe.synthetic.rig import BonePose, Skin
from cabinsafe.synthetic.wardrobe import accessories, clothes, hair, shoes, suits
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import SPREAD_M, Garment, Layer
from cabinsafe.synthetic.wardrobe.skin import skin
from cabinsafe.synthetic.wardrobe.spec import LookSpec


class Dressed:
    """A body and all that it wears.

    Attributes:
        body: the body.
        look: what it was dressed by.
        garments: the parts, skin and hair among them.
    """

    def __init__(self, body: Body, look: LookSpec, garments: Sequence[Garment]) -> None:
        self.body = body
        self.look = look
        self.garments = tuple(garments)
        self._skin = Skin(
            np.concatenate([part.skin.rest for part in garments]),
            sparse.vstack([part.skin.weights for part in garments]).tocsr(),
        )

    def meshes(self, pose: BonePose, object_id: int) -> list[Mesh]:
        """All parts in a pose; patterns stick to the rest pose."""
        ends = np.cumsum([len(part.skin.rest) for part in self.garments])[:-1]
        return [
            Mesh(posed, part.triangles, part.material, object_id, part.skin.rest, part.tint)
            for part, posed in zip(self.garments, np.split(self._skin.posed(pose), ends), strict=True)
        ]


def dress(body: Body, look: LookSpec, assets: Path | None = None) -> Dressed:
    """A body in its clothes.

    Args:
        body: the body.
        look: what it looks like.
        assets: MakeHuman's asset folder, if the look names something of it.

    Raises:
        DataError: the look needs assets that are not there, or are malformed.
    """
    fit = Fitting(body)
    head = [hair.beard(fit, look), _hair(fit, look, assets)]
    layers = [*_clothes(fit, look, assets), *head, *accessories.accessories(fit, look)]
    fields = [layer.field for layer in layers if layer.field is not None]
    covered = np.any([field > SPREAD_M * fit.scale for field in fields], axis=0)
    worn = [part for layer in layers for part in layer.garments]
    return Dressed(body, look, [*skin(fit, look, covered), *worn])


def _clothes(fit: Fitting, look: LookSpec, assets: Path | None) -> list[Layer]:
    """Top, bottom and shoes, of MakeHuman's where the look names them."""
    if look.makehuman_suit is not None:
        layers = [suits.suit(fit, look, assets)]
    else:
        layers = clothes.top(fit, look)
        layers.append(clothes.bottom(fit, look, layers))
    bottoms = [part for layer in layers for part in layer.garments if part.name == "bottom"]
    hem_z = min((float(part.skin.rest[:, 2].min()) for part in bottoms), default=np.inf)
    if look.makehuman_shoes is not None:
        return [*layers, suits.suit_shoes(fit, look, assets, hem_z)]
    return [*layers, shoes.shoes(fit, look, hem_z)]


def _hair(fit: Fitting, look: LookSpec, assets: Path | None) -> Layer:
    """Hair; MakeHuman's only where no hat presses on it."""
    if look.makehuman_hair is None or look.hat != "none":
        return hair.hair(fit, look)
    return suits.suit_hair(fit, look, assets)
