"""Capacity of Hopfield networks on random patterns, compared with theory.

    python benchmarks/hopfield.py                 500 units, 40 draws for each bit error
    python benchmarks/hopfield.py --draws 200

One-step bit errors are those of stored Hebbian patterns after one synchronous update; theory is
(1 - erf(sqrt(1 / (2 load)))) / 2 (Hertz, Krogh and Palmer 1991). Rises count asynchronous sweeps after which a row's
energy is higher than before. No data files are needed.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from scipy.special import erf
from sklearn.exceptions import ConvergenceWarning

from skneural import HopfieldNetwork

N_FEATURES = 500


def random_patterns(n_patterns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(n_patterns, N_FEATURES))


def with_wrong_bits(patterns: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Flip the same share of bits in every pattern."""
    wrong = np.arange(N_FEATURES) < share * N_FEATURES
    places = np.random.default_rng(seed).permuted(np.tile(wrong, (len(patterns), 1)), axis=1)
    return np.where(places, -patterns, patterns)


def one_step_bit_error(load: float, n_draws: int) -> float:
    errors = []
    for seed in range(n_draws):
        patterns = random_patterns(round(load * N_FEATURES), seed)
        memory = HopfieldNetwork("hebbian", update="synchronous", max_iter=1).fit(patterns)
        errors.append(np.mean(memory.predict(patterns) != patterns))
    return float(np.mean(errors))


def share_recalled(memory: HopfieldNetwork, n_patterns: int, share_wrong: float, n_draws: int) -> float:
    """Share of patterns that are recalled without any wrong bit."""
    shares = []
    for seed in range(n_draws):
        patterns = random_patterns(n_patterns, seed)
        recalled = np.sign(memory.fit(patterns).predict(with_wrong_bits(patterns, share_wrong, seed)))
        shares.append((recalled == patterns).all(axis=1).mean())
    return float(np.mean(shares))


def overlap(n_patterns: int, share_wrong: float) -> float:
    patterns = random_patterns(n_patterns, 0)
    memory = HopfieldNetwork("hebbian", random_state=0).fit(patterns)
    return memory.score(with_wrong_bits(patterns, share_wrong, 0), patterns)


def energy_rises(rule: str, n_patterns: int) -> int:
    """Count sweeps that raise the energy of any of 100 random states, by recalls with increasing max_iter."""
    memory = HopfieldNetwork(rule, random_state=0).fit(random_patterns(n_patterns, 0))
    x = random_patterns(100, 1)
    energies = [memory.energy(x)]
    for n_sweeps in range(1, 16):
        energies.append(memory.energy(memory.set_params(max_iter=n_sweeps).predict(x)))
    return int((np.diff(energies, axis=0) > 1e-9).sum())


def report(what: str, asked: str, measure: Callable[[], float], form: str = ".4f") -> None:
    start = time.perf_counter()
    value = measure()
    print(f"{what:<62}{asked:>18}{value:>10{form}}{time.perf_counter() - start:>7.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=40, help="draws of patterns for each bit error")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    print(f"{'500 units':<62}{'expected':>18}{'measured':>10}{'s':>7}")
    for load in (0.10, 0.138, 0.15, 0.185, 0.20):
        theory = (1 - erf(np.sqrt(1 / (2 * load)))) / 2
        what = f"hebbian, one step, bit error at a load of {load:g}"
        report(what, f"{theory:.5f} +- 20 %", lambda load=load: one_step_bit_error(load, arguments.draws), ".5f")
    report("hebbian, load .05 from 15 % wrong bits, overlap", "> .99", lambda: overlap(25, 0.15))
    report("hebbian, load .2 from stored patterns, overlap", "< .6", lambda: overlap(100, 0.0))
    for update in ("asynchronous", "synchronous"):
        memory = HopfieldNetwork("projection", update=update, random_state=0)
        what = f"projection, n / 2 patterns from 5 % wrong bits, {update}"
        report(what, "1", lambda memory=memory: share_recalled(memory, N_FEATURES // 2, 0.05, 5))
    for share in (0.05, 0.10):
        what = f"modern, 4 n patterns from {share:.0%} wrong bits in one update"
        memory = HopfieldNetwork("modern", max_iter=1)
        report(what, "1", lambda memory=memory, share=share: share_recalled(memory, 4 * N_FEATURES, share, 3))
    for rule, n_patterns in (("hebbian", 25), ("hebbian", 100), ("projection", 250), ("modern", 2000)):
        what = f"{rule}, {n_patterns} patterns, rises of energy in 1500 sweeps"
        report(what, "0", lambda rule=rule, n=n_patterns: energy_rises(rule, n), "d")


if __name__ == "__main__":
    main()
