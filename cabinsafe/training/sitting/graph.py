"""The trained classifier as an ONNX graph of a dozen dense operators.

Converters write support vector machines as ai.onnx.ml operators, whose run time compares one support vector
after the other; as matrix products the same classifier answers several times as quickly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import MissingExtraError

Array = NDArray[np.float64]

INPUT, OUTPUT = "features", "probabilities"
_OPSET, _IR = 17, 8


def onnx_bytes(before: Any, judge: Any, kinds: Any | None) -> bytes:
    """The file's bytes.

    Args:
        before: fitted pipeline of a median imputer, a standard scaler and a PCA.
        judge: fitted ``CalibratedClassifierCV(SVC(RBF), ensemble=False)``, safe (0) against unsafe (1).
        kinds: the same for which kind of unsafe, of two or more kinds, with the same gamma; None where there
            is but one.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("exporting a classifier", "train", "onnx") from error
    graph = _Graph(onnx)
    imputer, scaler, pca = (step for _, step in before.steps)
    weights = (pca.components_ / scaler.scale_).T
    offset = -(scaler.mean_ / scaler.scale_ + pca.mean_) @ pca.components_.T
    gaps = graph.node("IsNaN", INPUT)
    filled = graph.node("Where", gaps, graph.constant(imputer.statistics_), INPUT)
    reduced = graph.node("Gemm", filled, graph.constant(weights), graph.constant(offset))
    machines = [one.calibrated_classifiers_[0].estimator for one in (judge, kinds) if one is not None]
    kernel = _Kernel(graph, reduced, machines)
    unsafe = _calibrated(graph, kernel, judge)
    parts = [graph.node("Sub", graph.constant(np.ones(1)), unsafe)]
    parts.append(unsafe if kinds is None else graph.node("Mul", unsafe, _shares(graph, kernel, kinds)))
    graph.node("Concat", *parts, output=OUTPUT, axis=1)
    count = 2 if kinds is None else 1 + len(kinds.classes_)
    return graph.finished(len(imputer.statistics_), count)


class _Kernel:
    """``exp(-gamma |z - s|**2)`` (N, S) of rows and support vectors, each once that machines share."""

    def __init__(self, graph: _Graph, reduced: str, machines: Sequence[Any]) -> None:
        every = np.vstack([machine.support_vectors_ for machine in machines])
        vectors, place = np.unique(every, axis=0, return_inverse=True)
        ends = np.cumsum([len(machine.support_) for machine in machines])
        self._count, self._places = len(vectors), np.split(place.reshape(-1), ends[:-1])
        self._machines, self._graph = machines, graph
        gamma = machines[0]._gamma  # the number, where the option is a word
        lengths = graph.constant(-gamma * (vectors**2).sum(axis=1))
        cross = graph.node("Gemm", reduced, graph.constant(2 * gamma * vectors.T), lengths)
        length = graph.node("ReduceSumSquare", reduced, axes=[1], keepdims=1)
        scaled = graph.node("Mul", length, graph.constant(np.full(1, gamma)))
        self._node = graph.node("Exp", graph.node("Sub", cross, scaled))

    def margins(self, machine: Any, weights: Array, offset: Array) -> str:
        """Sums (N, C) over the machine's own support vectors, weighted (S, C), and an offset (C,)."""
        spread = np.zeros((self._count, weights.shape[1]))
        np.add.at(spread, self._places[self._machines.index(machine)], weights)
        return self._graph.node(
            "Gemm", self._node, self._graph.constant(spread), self._graph.constant(offset)
        )


def _calibrated(graph: _Graph, kernel: _Kernel, classifier: Any) -> str:
    """Probability (N, 1) of the second of two classes: Platt's sigmoid of the machine's margin."""
    fitted = classifier.calibrated_classifiers_[0]
    machine, sigmoid = fitted.estimator, fitted.calibrators[0]
    weights = -sigmoid.a_ * machine.dual_coef_.T
    offset = -sigmoid.a_ * machine.intercept_ - sigmoid.b_
    return graph.node("Sigmoid", kernel.margins(machine, weights, offset))


def _shares(graph: _Graph, kernel: _Kernel, classifier: Any) -> str:
    """Shares (N, K) of the kinds, which sum to 1."""
    if len(classifier.classes_) == 2:
        second = _calibrated(graph, kernel, classifier)
        return graph.node("Concat", graph.node("Sub", graph.constant(np.ones(1)), second), second, axis=1)
    fitted = classifier.calibrated_classifiers_[0]
    machine, sigmoids = fitted.estimator, fitted.calibrators
    duels = _duels(graph, kernel, machine)
    slopes, offsets = (np.array([getattr(s, name) for s in sigmoids]) for name in ("a_", "b_"))
    scaled = graph.node("Mul", duels, graph.constant(-slopes))
    each = graph.node("Sigmoid", graph.node("Sub", scaled, graph.constant(offsets)))
    return graph.node("Div", each, graph.node("ReduceL1", each, axes=[1], keepdims=1))


def _duels(graph: _Graph, kernel: _Kernel, machine: Any) -> str:
    """What scikit-learn makes of the one-against-one margins: votes won, ties broken by the margins' sum."""
    count = len(machine.classes_)
    pairs = list(combinations(range(count), 2))
    starts = np.concatenate([[0], np.cumsum(machine.n_support_)])
    weights = np.zeros((len(machine.support_), len(pairs)))
    signs, losers = np.zeros((len(pairs), count)), np.zeros(count)
    for column, (a, b) in enumerate(pairs):
        of_a, of_b = (slice(starts[k], starts[k + 1]) for k in (a, b))
        weights[of_a, column] = machine.dual_coef_[b - 1, of_a]
        weights[of_b, column] = machine.dual_coef_[a, of_b]
        signs[column, a], signs[column, b] = 1.0, -1.0
        losers[b] += 1.0
    margin = kernel.margins(machine, weights, machine.intercept_)
    won = graph.node("Not", graph.node("Less", margin, graph.constant(np.zeros(1))))
    votes = graph.node(
        "Gemm",
        graph.node("Cast", won, to=graph.float_type),
        graph.constant(signs),
        graph.constant(losers),
    )
    total = graph.node("MatMul", margin, graph.constant(signs))
    size = graph.node("Add", graph.node("Abs", total), graph.constant(np.ones(1)))
    share = graph.node("Div", total, graph.node("Mul", size, graph.constant(np.full(1, 3.0))))
    return graph.node("Add", votes, share)


class _Graph:
    """Nodes and constants in the making; every name is its number."""

    def __init__(self, onnx: Any) -> None:
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.float_type = onnx.TensorProto.FLOAT

    def constant(self, values: Array) -> str:
        name = f"c{len(self._constants)}"
        array = np.ascontiguousarray(values, np.float32)
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or f"n{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def finished(self, features: int, classes: int) -> bytes:
        helper = self._onnx.helper
        given = helper.make_tensor_value_info(INPUT, self.float_type, ["n", features])
        made = helper.make_tensor_value_info(OUTPUT, self.float_type, ["n", classes])
        graph = helper.make_graph(self._nodes, "unsafe sitting", [given], [made], self._constants)
        opsets = [helper.make_opsetid("", _OPSET)]
        data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=_IR).SerializeToString()
        return data
