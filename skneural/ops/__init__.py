"""Floor 0: arrays in, ``(y, vjp)`` out.

Every op returns its output and the function that goes back. ``vjp(dy, ...)`` returns the
gradients of the data and writes the gradients of parameters into the arrays it is handed.
Ops borrow their inputs, own their outputs, and keep the dtype they are given; they know NumPy
and SciPy and nothing of skneural, so a compiled twin can take the place of any of them.

`hopfield` is the exception: the algorithm of a whole model, which learns without gradients and returns no vjp.
"""
