"""Reading MakeHuman's garments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from cabinsafe.errors import DataError
from cabinsafe.synthetic.wardrobe.makehuman import garments_in, read_garment, read_mhclo

# Vehicle axes: x forward, y left, z up. Vertices 0-1 lie 2 m apart along x, 2-3 4 m along y, 4-5 1 m along z.
BASE = np.array(
    [(0, 0, 0), (2, 0, 0), (0, 0, 0), (0, 4, 0), (1, 1, 0), (1, 1, 1), (3, 3, 3), (5, 1, 2)], float
)
WEIGHTS = sparse.csr_matrix(np.eye(8))
HEADER = """# a comment
name thing
obj_file thing.obj
x_scale 2 3 2.0
y_scale 4 5 1.0
z_scale 0 1 4.0
material thing.mhmat
"""
EXACT = "verts 0\n6\n7\n 5 6 7 1.0 0.0 0.0 0.0 0.0 0.0\n"
OBJ = "v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1/1 2/2 3/3\n"


def write(folder: Path, mhclo: str, obj: str = OBJ) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "thing.obj").write_text(obj)
    (folder / "thing.mhclo").write_text(mhclo)
    return folder / "thing.mhclo"


def test_bound_without_offsets_it_is_the_body(tmp_path: Path) -> None:
    garment = read_mhclo(write(tmp_path / "thing", HEADER + EXACT))
    surface = garment.worn(BASE, WEIGHTS)
    np.testing.assert_allclose(surface.points, BASE[[6, 7, 5]])
    np.testing.assert_allclose(surface.weights.toarray(), np.eye(8)[[6, 7, 5]])
    np.testing.assert_array_equal(surface.triangles, [[0, 1, 2]])
    assert garment.name == "thing"


def test_offsets_are_turned_and_scaled(tmp_path: Path) -> None:
    rows = "verts 0\n6\n7\n5 6 7 0.25 0.25 0.5 0.1 0.2 0.4\n"
    surface = read_mhclo(write(tmp_path, HEADER + rows)).worn(BASE, WEIGHTS)
    middle = (BASE[5] + BASE[6] + 2 * BASE[7]) / 4
    # MakeHuman's x (left) is doubled (4 m over 2), y (up) kept, z (front) halved (2 m over 4)
    np.testing.assert_allclose(surface.points[2] - middle, (0.4 * 0.5, 0.1 * 2, 0.2))


def test_weights_beyond_the_triangle_stay_whole(tmp_path: Path) -> None:
    rows = "verts 0\n6\n7\n5 6 7 1.25 -0.5 0.25 0 0 0\n"
    weights = read_mhclo(write(tmp_path, HEADER + rows)).worn(BASE, WEIGHTS).weights.toarray()
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_hidden_vertices_are_ranges_and_singles(tmp_path: Path) -> None:
    text = HEADER + EXACT + "delete_verts\n0 - 2 4\n6 - 7\n"
    np.testing.assert_array_equal(read_mhclo(write(tmp_path, text)).hidden, [0, 1, 2, 4, 6, 7])


def test_keys_may_follow_the_word_verts_and_quads_are_cut(tmp_path: Path) -> None:
    text = HEADER + "verts 0\nmaterial x.mhmat\n4\n5\n6\n7\n"
    quad = "v 0 0 0\n" * 4 + "f 1 2 3 4\n"
    garment = read_mhclo(write(tmp_path, text, quad))
    np.testing.assert_array_equal(garment.triangles, [[0, 1, 2], [0, 2, 3]])


@pytest.mark.parametrize(
    ("mhclo", "obj"),
    [
        (HEADER, OBJ),
        (EXACT, OBJ),
        (HEADER.replace("x_scale 2 3 2.0\n", "") + EXACT, OBJ),
        (HEADER.replace("x_scale 2 3 2.0", "x_scale 2 3") + EXACT, OBJ),
        (HEADER.replace("x_scale 2 3 2.0", "x_scale 2 3 0.0") + EXACT, OBJ),
        (HEADER + "verts 0\n6\n7\n5 6 7 1.0 0.0\n", OBJ),
        (HEADER + "verts 0\n6\n7\n5 6 7 one 0 0 0 0 0\n", OBJ),
        (HEADER + EXACT + "delete_verts\n3 -\n", OBJ),
        (HEADER + EXACT, OBJ.replace("f 1/1 2/2 3/3", "f 1 2 9")),
        (HEADER + EXACT, OBJ.replace("f 1/1 2/2 3/3", "f a b c")),
        (HEADER + EXACT, OBJ.replace("f 1/1 2/2 3/3", "")),
        (HEADER + EXACT, "v 0 0 0\nf 1 1 1\n"),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, mhclo: str, obj: str) -> None:
    path = write(tmp_path, mhclo, obj)
    with pytest.raises(DataError, match=r"thing\.(mhclo|obj)"):
        read_mhclo(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "clothes" / "thing", HEADER + EXACT)
    assert garments_in(tmp_path, "clothes") == ["thing"]
    assert read_garment(tmp_path, "clothes", "thing").name == "thing"
    (path.parent / "thing.obj").unlink()
    with pytest.raises(DataError, match=r"thing\.obj: cannot be read"):
        read_mhclo(path)
    with pytest.raises(DataError, match=r"other: expected an \.mhclo file"):
        read_garment(tmp_path, "clothes", "other")
    with pytest.raises(DataError, match="needs the folder of MakeHuman's assets"):
        read_garment(None, "hair", "thing")
    with pytest.raises(DataError, match="expected folders"):
        garments_in(tmp_path, "hair")


def test_a_garment_for_a_larger_mesh_is_refused(tmp_path: Path) -> None:
    garment = read_mhclo(write(tmp_path, HEADER + EXACT.replace("7\n", "70\n")))
    with pytest.raises(DataError, match="vertex 70, the body has 8"):
        garment.worn(BASE, WEIGHTS)
