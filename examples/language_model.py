"""A small GPT that reads what scikit-learn says of its data sets, and goes on in that manner.

    pip install skneural
    python language_model.py

Trains a Transformer on the descriptions of six data sets, 15 000 characters, for about a minute on one core; prints
how well it tells the next character, and what it writes itself.
"""

from sklearn import datasets

from skneural import LanguageModel

LOADERS = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")


def main():
    texts = [getattr(datasets, f"load_{name}")().DESCR for name in LOADERS]
    model = LanguageModel(
        context_length=64,
        d_model=96,
        n_layers=3,
        feedforward_size=256,
        positional="rotary",
        learning_rate="one_cycle",
        learning_rate_init=3e-3,
        max_iter=80,
        batch_size=8,
        early_stopping=False,
        random_state=0,
    )
    print(f"{sum(map(len, texts))} characters of {len(texts)} texts")
    model.fit(texts)
    print(f"{model.vocabulary_size_} different characters, {len(model.weights_)} weights")
    print(f"of the next character, the model wavers between {model.perplexity(texts):.1f}")
    for prompt in ("The data set ", ":Number of Instances: "):
        for temperature in (0, 0.6):
            written = model.generate(prompt, n_tokens=200, temperature=temperature, random_state=0)
            print(f"\n--- {prompt!r} at temperature {temperature}\n{prompt}{written}")


if __name__ == "__main__":
    main()
