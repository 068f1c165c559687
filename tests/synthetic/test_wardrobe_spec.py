"""Drawing what people look like."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cabinsafe.errors import ConfigError, DataError
from cabinsafe.synthetic.body import BodySpec
from cabinsafe.synthetic.wardrobe import LookSpec, draw_look
from cabinsafe.synthetic.wardrobe.palette import skin_color
from cabinsafe.synthetic.wardrobe.spec import BEARDS, BOTTOMS, GLASSES, HAIR_STYLES, HATS, TOPS, UNSUITED

MAN, WOMAN = BodySpec(gender=0.05), BodySpec(gender=0.95)
BOY, GIRL = BodySpec(gender=0.05, age=0.3), BodySpec(gender=0.95, age=0.3)


def counted(body: BodySpec, key: str, draws: int = 600) -> Counter[str]:
    return Counter(getattr(draw_look(seed, body), key) for seed in range(draws))


def test_same_seed_same_look() -> None:
    assert draw_look(3, MAN) == draw_look(3, MAN)
    assert draw_look(3, MAN) != draw_look(4, MAN)


def test_a_look_survives_json() -> None:
    look = draw_look(5, WOMAN)
    assert LookSpec.model_validate_json(look.model_dump_json()) == look


def test_fixed_values_win_and_leave_the_rest() -> None:
    free = draw_look(8, MAN)
    fixed = draw_look(8, MAN, {"top": "hoodie", "top_fabric": {"pattern": "dots"}})
    assert (fixed.top, fixed.top_fabric.pattern) == ("hoodie", "dots")
    assert fixed.top_fabric.color == free.top_fabric.color
    assert fixed.model_copy(update={"top": free.top, "top_fabric": free.top_fabric}) == free


@pytest.mark.parametrize(
    ("body", "key", "table"),
    [
        (MAN, "hair_style", HAIR_STYLES["male"]),
        (WOMAN, "hair_style", HAIR_STYLES["female"]),
        (BOY, "hair_style", HAIR_STYLES["boy"]),
        (GIRL, "hair_style", HAIR_STYLES["girl"]),
        (MAN, "top", TOPS["male"]),
        (WOMAN, "top", TOPS["female"]),
        (WOMAN, "bottom", BOTTOMS["female"]),
        (MAN, "beard", BEARDS),
        (MAN, "hat", HATS),
        (WOMAN, "glasses", GLASSES),
    ],
)
def test_frequencies_are_the_documented_ones(body: BodySpec, key: str, table: dict[str, float]) -> None:
    assert sum(table.values()) == pytest.approx(1)
    found = counted(body, key)
    assert set(found) <= set(table)
    for name, share in table.items():
        assert found[name] / 600 == pytest.approx(share, abs=4 * (share * (1 - share) / 600) ** 0.5 + 1e-9)


def test_only_men_have_beards_and_no_child_wears_sunglasses() -> None:
    for body in (WOMAN, BOY, GIRL):
        assert set(counted(body, "beard", 100)) == {"none"}
    assert "sunglasses" not in counted(GIRL, "glasses", 300)


def test_skin_covers_the_whole_range_and_darkens_with_tone() -> None:
    tones = [draw_look(seed, MAN).skin_tone for seed in range(200)]
    assert min(tones) < 0.05
    assert max(tones) > 0.95
    brightness = [sum(skin_color(tone / 10, 0)) for tone in range(11)]
    assert brightness == sorted(brightness, reverse=True)


def test_without_assets_nothing_is_makehumans() -> None:
    looks = [draw_look(seed, WOMAN) for seed in range(50)]
    assert {(o.makehuman_suit, o.makehuman_shoes, o.makehuman_hair) for o in looks} == {(None, None, None)}


def test_assets_are_drawn_by_gender(tmp_path: Path) -> None:
    for path in ("clothes/male_suit1", "clothes/female_suit1", "clothes/shoes1", "hair/bob01", "hair/short1"):
        folder = tmp_path / path
        folder.mkdir(parents=True)
        (folder / "it.mhclo").touch()
    looks = [draw_look(seed, MAN, assets=tmp_path) for seed in range(60)]
    assert {look.makehuman_suit for look in looks} == {None, "male_suit1"}
    assert {look.makehuman_shoes for look in looks} == {None, "shoes1"}
    assert {look.makehuman_hair for look in looks} == {None, "short1"}
    women = {draw_look(seed, WOMAN, assets=tmp_path).makehuman_hair for seed in range(60)}
    assert not women & UNSUITED
    without = [draw_look(seed, MAN) for seed in range(60)]
    assert [look.top for look in looks] == [look.top for look in without], "assets move no other draw"


def test_an_empty_asset_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected folders with \.mhclo files"):
        draw_look(1, MAN, assets=tmp_path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"skin_tone": 1.5}, "skin_tone"),
        ({"top": "toga"}, "top"),
        ({"top_fabric": {"color": (0.1, 0.2, 3.0)}}, "top_fabric.color.2"),
        ({"shoos": "boots"}, "did you mean 'shoes'"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_values_are_refused_by_name(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        draw_look(0, MAN, values)
