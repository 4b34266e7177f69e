"""For both contestants on TensorFlow: a function of a graph, its gradients and what it took."""

import resource
from collections.abc import Callable
from timeit import timeit
from typing import Any

import numpy as np
import tensorflow as tf

from contestants.common import Work


def layer_work(outputs: Callable[..., tf.Tensor], variables: list[tf.Variable], *inputs: np.ndarray) -> Work:
    """``outputs(*inputs)`` in one `tf.function`, with the gradients of the variables and of inputs[0]."""

    @tf.function
    def step(*inputs: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs[0])
            loss = tf.reduce_mean(tf.square(outputs(*inputs)))
        return loss, tape.gradient(loss, [inputs[0], *variables])

    tensors = [tf.constant(value) for value in inputs]
    tf.function(lambda x: x @ x)(tf.ones((2, 2))).numpy()  # starts TensorFlow
    # Two time steps first: the first tracing in a process also converts the code of every way it goes.
    step.get_concrete_function(tensors[0][:, :2], *tensors[1:])
    before = peak_megabytes()
    trace = timeit(lambda: step.get_concrete_function(*tensors), number=1)
    first_call = timeit(lambda: step(*tensors)[0].numpy(), number=1)
    facts = {"trace": trace, "first call": first_call, "memory": peak_megabytes() - before}

    def call() -> Any:
        loss, gradients = step(*tensors)
        loss.numpy()  # is there when this returns
        return loss, gradients

    return Work(call, facts=facts)


def peak_megabytes() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
