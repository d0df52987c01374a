"""Differentiable array operations: arrays in, ``(y, vjp)`` out.

Every op returns its output and the function for its backward pass (vjp: vector-Jacobian product). ``vjp(dy, ...)``
returns the gradients of the data and writes the gradients of the parameters into the arrays that are passed to it.
Ops never change their inputs, return new arrays, and keep the dtype of their inputs. They depend on NumPy and SciPy and
on nothing else of skneural, so that a compiled version can replace any of them.

`hopfield` is the exception: it is the algorithm of a complete model, which learns without gradients and returns no vjp.
"""
