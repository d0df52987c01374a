"""Conversion of files from a shell."""

import pickle
import subprocess
import sys

import onnx
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from skneural import GNNNodeClassifier, MLPClassifier
from skneural.callbacks import Checkpoint
from skneural.export.__main__ import main
from tests.export.cases import SMALL, rows, table
from tests.export.running import outputs_of


class Stranger(MLPClassifier):
    """A type that is none of skneural."""


@pytest.fixture
def model():
    return MLPClassifier(8, **SMALL).fit(*table()())


def test_a_file_is_converted(model, tmp_path):
    skops.io.dump(model, tmp_path / "model.skops")
    command = [sys.executable, "-m", "skneural.export", tmp_path / "model.skops", tmp_path / "model.onnx"]
    subprocess.run(command, check=True)
    found = outputs_of(onnx.load(tmp_path / "model.onnx"), {"X": rows(3)})
    assert found["label"].tolist() == model.predict(rows(3)).tolist()


def test_a_model_with_its_callbacks_is_converted(model, tmp_path):
    source, target = tmp_path / "model.skops", tmp_path / "model.onnx"
    skops.io.dump(model.set_callbacks(Checkpoint(tmp_path / "checkpoint.skops")), source)
    assert main([str(source), str(target)]) == 0
    assert target.stat().st_size > 0


def test_options(model, tmp_path):
    skops.io.dump(model, tmp_path / "model.skops")
    assert main([str(tmp_path / "model.skops"), str(tmp_path / "model.onnx"), "--opset", "20"]) == 0
    assert onnx.load(tmp_path / "model.onnx").opset_import[0].version == 20


def refusal(tmp_path, capsys, name="model.skops"):
    assert main([str(tmp_path / name), str(tmp_path / "model.onnx")]) == 1
    assert not (tmp_path / "model.onnx").exists()
    return capsys.readouterr().err


def test_other_types_are_refused(tmp_path, capsys):
    skops.io.dump(Stranger(8, **SMALL).fit(*table()()), tmp_path / "model.skops")
    assert "Stranger, which are no estimators of skneural" in refusal(tmp_path, capsys)


def test_pickles_are_refused(model, tmp_path, capsys):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    assert "Loading a pickle runs what it holds" in refusal(tmp_path, capsys, "model.pkl")


def test_models_without_a_graph_are_refused(tmp_path, capsys):
    X, y = table()()
    skops.io.dump(GNNNodeClassifier(max_iter=2, random_state=0).fit(X, y), tmp_path / "model.skops")
    assert "GNNNodeClassifier cannot be exported" in refusal(tmp_path, capsys)


def test_other_estimators_are_refused(tmp_path, capsys):
    skops.io.dump(LogisticRegression(), tmp_path / "model.skops")
    assert "LogisticRegression is not an estimator of skneural" in refusal(tmp_path, capsys)


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert "No such file" in refusal(tmp_path, capsys)
