"""Maps become people in image pixels, letterbox undone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cabinsafe.pose import PafDecoder, Topology  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.networks.base import PoseNetwork  # noqa: E402
from cabinsafe.training.pose.predictor import make_predictor  # noqa: E402
from cabinsafe.training.pose.targets import Labels, TargetSpec, draw  # noqa: E402


class Drawn(PoseNetwork):
    """Sees one person, whatever it is shown, and remembers the image."""

    def __init__(self, xy: torch.Tensor) -> None:
        super().__init__()
        self.layout = MapLayout(Topology.openpose(), 8)
        self.input_multiple = 8
        self.xy = torch.nn.Parameter(xy, requires_grad=False)

    def stages(self, image):
        self.seen = image
        none = torch.full((1, 1, 4), torch.nan)
        size = (image.shape[2], image.shape[3])
        return (draw(Labels(self.xy[None], none, none), size, self.layout, TargetSpec()),)


def test_a_drawn_person_comes_back_in_image_pixels() -> None:
    generator = np.random.default_rng(3)
    input_xy = generator.uniform(40, 210, (1, 18, 2)).astype(np.float32)
    network = Drawn(torch.from_numpy(input_xy))
    predict = make_predictor(network, PafDecoder(network.layout.topology), 256)
    people = predict(np.zeros((256, 512, 3), np.uint8))
    assert network.seen.shape == (1, 3, 256, 256)
    assert (network.seen[0, :, 0, 0] == 128).all()
    best_xy, score, person_score = max(people, key=lambda person: np.isfinite(person[0][:, 0]).sum())
    found = np.isfinite(best_xy[:, 0])
    assert found.sum() > 10
    assert score[found].min() > 0.5
    assert person_score > 0.3
    expected = (input_xy[0] - (0, 64)) * 2
    np.testing.assert_allclose(best_xy[found], expected[found], atol=2.0)
