from skneural.training.seeds import Seeds


def first(seed, name, epoch=0):
    return Seeds(seed).generator(name, epoch).random()


def test_seed_name_and_epoch_decide_and_nothing_else():
    seeds = Seeds(3)
    seeds.generator("batches").random(100)  # other uses leave no trace
    assert seeds.generator("dropout", 2).random() == first(3, "dropout", 2)


def test_each_seed_name_and_epoch_has_its_own_numbers():
    keys = [(seed, name, epoch) for seed in (0, 1, 2**31) for name in ("batches", "dropout") for epoch in (0, 1, 2)]
    assert len({first(*key) for key in keys}) == len(keys)
