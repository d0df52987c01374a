"""What fitted models are used for."""

import joblib

# What a fitted model does with samples X.
USES = {
    "predict": lambda model, X: model.predict(X),
    "predict_proba": lambda model, X: model.predict_proba(X),
    "predict_log_proba": lambda model, X: model.predict_log_proba(X),
    "decision_function": lambda model, X: model.decision_function(X),
    "score_samples": lambda model, X: model.score_samples(X),
    "transform": lambda model, X: model.transform(X),
    "inverse_transform": lambda model, X: model.inverse_transform(model.transform(X)),
    "perplexity": lambda model, X: model.perplexity(X),
    "energy": lambda model, X: model.energy(X),
    "attention_weights": lambda model, X: model.attention_weights(X),
    "feature_maps": lambda model, X: model.feature_maps(X),
    "sample": lambda model, X: model.sample(3, random_state=0),
    "generate": lambda model, X: model.generate(n_tokens=9, random_state=0),
    "get_feature_names_out": lambda model, X: model.get_feature_names_out(),
    "summary": lambda model, X: str(model.summary()),
}


def used(model, X):
    """Hash of all that the fitted model returns for X, by method."""
    return {name: joblib.hash(use(model, X)) for name, use in USES.items() if hasattr(model, name)}
