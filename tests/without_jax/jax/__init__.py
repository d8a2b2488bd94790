"""In the place of JAX, which TensorFlow imports where it is installed: a second in each process."""

raise ImportError("processes that tests start do without JAX; see conftest.py")
