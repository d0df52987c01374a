"""Semi-supervised node classification: the split of a karate club, from two labelled members
==========================================================================================

Zachary (1977) recorded which members of a karate club met outside of it, before the club split between its instructor
(0) and its administrator (33). A graph neural network is trained on the factions of these two members and predicts
those of the others.

Run it::

    pip install "skneural[plot]"
    python examples/5_graphs/plot_karate_club.py
"""

import matplotlib.pyplot as plt
import numpy as np

from skneural import GNNNodeClassifier, GraphNodes
from skneural.drawing import STYLE
from skneural.inspection import GraphDisplay

# members, and those of greater numbers whom they met
MET = {
    0: [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31],
    1: [2, 3, 7, 13, 17, 19, 21, 30],
    2: [3, 7, 8, 9, 13, 27, 28, 32],
    3: [7, 12, 13],
    4: [6, 10],
    5: [6, 10, 16],
    6: [16],
    8: [30, 32, 33],
    9: [33],
    13: [33],
    14: [32, 33],
    15: [32, 33],
    18: [32, 33],
    19: [33],
    20: [32, 33],
    22: [32, 33],
    23: [25, 27, 29, 32, 33],
    24: [25, 27, 31],
    25: [31],
    26: [29, 33],
    27: [33],
    28: [31, 33],
    29: [32, 33],
    30: [32, 33],
    31: [32, 33],
    32: [33],
}
WITH_THE_INSTRUCTOR = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21]


def main():
    plt.style.use(STYLE)
    members = GraphNodes.from_edges([(member, other) for member, others in MET.items() for other in others])
    faction = np.where(np.isin(np.arange(34), WITH_THE_INSTRUCTOR), 0, 1)
    y = np.full(34, -1)  # unlabelled
    y[[0, 33]] = faction[[0, 33]]

    model = GNNNodeClassifier(random_state=0).fit(members, y)
    right = model.predict(members) == faction
    print(f"{right.sum()} of 34 factions are predicted correctly; wrong: {np.flatnonzero(~right).tolist()}")

    _, axes = plt.subplots(2, 1, figsize=(6, 8))
    names = np.array(["instructor", "administrator"])[faction]
    GraphDisplay(graph=members, values=names, labels=range(34)).plot(axes[0])
    axes[0].set_title("True factions")
    GraphDisplay.from_estimator(model, members, target=1, labels=range(34), ax=axes[1])
    axes[1].set_title("Predicted from members 0 and 33 (administrator: 1)")
    plt.show()


if __name__ == "__main__":
    main()
