"""Models that real MPI processes train together."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

pytest.importorskip("mpi4py.MPI", exc_type=ImportError)  # also where it is installed, but no MPI
# One run of both processes serves all tests, and sets callbacks.
pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from release 1.9 on")
MPIEXEC = shutil.which("mpiexec", path=sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"])
if MPIEXEC is None:
    pytest.skip("mpiexec is not installed", allow_module_level=True)

PROGRAM = (sys.executable, "-m", "tests.distributed.mpi_program")
SECONDS = 120


def run(*arguments):
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [MPIEXEC, "-n", "2", *PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=SECONDS)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results of each process, all of one run: processes take seconds to start."""
    done = run(tmp_path_factory.mktemp("mpi"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "name",
    [
        "batch norm and dropout",
        "several metrics",
        "lbfgs",
        "images",
        "series of unequal lengths",
        "memory_map",
    ],
)
def test_two_processes_train_the_same_model_as_one(results, name):
    first, second = (each[name] for each in results)
    assert first["checksum"] == second["checksum"]
    assert first["distance"] < 1e-9


def test_the_first_process_draws_the_seed(results):
    first, second = (each["drawn_seed"] for each in results)
    assert first == second


def test_different_data_are_an_error_in_all_processes_after_which_they_can_go_on(results):
    first, second = (each["part_of_data"] for each in results)
    assert first == second != "no error"
    for each in results:
        assert each["fewer_rows"].startswith("Process 1 of 2 has 72 training samples, and process 0 has 80")


def test_an_error_of_one_process_before_training_is_raised_in_all(results):
    for each in results:
        assert "Input X contains NaN" in each["invalid_in_one"]


def test_the_first_process_reports(results):
    assert [each["reports"]["lines"] for each in results] == [3, 0]
    assert all(each["reports"]["written"] and each["reports"]["callbacks"] for each in results)


@pytest.mark.parametrize("name", ["interrupt", "deadline"])
def test_processes_stop_after_the_same_step(results, name):
    first, second = (each[name] for each in results)
    assert first == second


def test_an_interrupt_of_any_process_keeps_the_epochs_before_it(results):
    assert results[0]["interrupt"]["epochs"] == 2


def test_a_process_that_fails_alone_ends_all():
    done = run("fail")
    assert done.returncode != 0
    assert "MemoryError: planted" in done.stderr
    assert "Process 1 of 2 failed alone" in done.stderr


def test_the_example_runs(results):
    assert results[0]["example"].startswith("2 processes, accuracy 0.9")
    assert results[1]["example"] == ""
