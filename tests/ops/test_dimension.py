from skneural.ops.dimension import Dimension
from skneural.ops.window import shape_behind

N, STEPS = Dimension("n"), Dimension("steps")


def test_what_follows_from_a_number_says_so():
    told = {
        "steps": STEPS * 1,
        "steps + 1": STEPS + 1,
        "steps - 2": 1 + STEPS - 3,
        "n * steps": N * STEPS,
        "steps * 3": 3 * STEPS,
        "n * (steps + 1)": N * (STEPS + 1),
        "n + steps": N + STEPS,
        "steps // 2": STEPS // 2,
        "(steps + 1) // 2": (STEPS + 1) // 2,
    }
    assert {name: str(dimension) for name, dimension in told.items()} == {name: name for name in told}


def test_what_changes_nothing_leaves_the_number():
    assert STEPS + 2 - 2 == STEPS
    assert (STEPS * 1) // 1 == STEPS
    assert 0 + STEPS == STEPS


def test_windows_over_images_of_unknown_size():
    arguments = (3, 3), (1, 1), (1, 1)
    assert shape_behind((1, 4, STEPS, N), 8, *arguments, "same") == (1, 8, STEPS, N)
    assert shape_behind((5, 4, STEPS, N), 8, *arguments, "valid") == (3, 8, STEPS - 2, N)
    strided = shape_behind((5, 4, STEPS, N), 8, (3, 3), (2, 2), (1, 1), "same")
    assert (strided[0], str(strided[2])) == (3, "(steps + 1) // 2")
