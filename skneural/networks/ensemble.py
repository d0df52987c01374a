"""Several networks of one architecture as one network."""

from __future__ import annotations

from skneural.layers import Chain, Ensemble, Layer


def ensemble_of(network: Layer, n_networks: int, link: str) -> Chain:
    """Build a network whose predictions are the means of those of `n_networks` networks with separate parameters.

    Parameters
    ----------
    network : Layer
        The architecture of each of them.
    n_networks : int
        A single one is returned as it is.
    link : str
        Name in `skneural.losses.LINKS`: function whose values are averaged.
    """
    if n_networks == 1 and isinstance(network, Chain):
        return network
    return Chain(networks=Ensemble(dict.fromkeys(network_names(n_networks), network), link=link))


def network_names(n_networks: int) -> list[str]:
    """Names of the networks inside the `Ensemble` of `ensemble_of`."""
    return [f"network_{number}" for number in range(1, n_networks + 1)]
