"""A small GPT, trained on the descriptions of scikit-learn's data sets
====================================================================

Trains a Transformer on the descriptions of six data sets, 15 000 characters, for about a minute on one core. Prints its
perplexity per character and generated texts.

Run it::

    python examples/4_texts/language_model.py
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
        max_iter=45,
        batch_size=8,
        early_stopping=False,
        random_state=0,
    )
    print(f"{sum(map(len, texts))} characters of {len(texts)} texts")
    model.fit(texts)
    print(f"{model.vocabulary_size_} different characters, {len(model.weights_)} weights")
    print(f"perplexity per character: {model.perplexity(texts):.1f}")
    for prompt in ("The data set ", ":Number of Instances: "):
        for temperature in (0, 0.6):
            generated = model.generate(prompt, n_tokens=200, temperature=temperature, random_state=0)
            print(f"\n--- {prompt!r} at temperature {temperature}\n{prompt}{generated}")


if __name__ == "__main__":
    main()
