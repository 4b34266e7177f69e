"""For both contestants on TensorFlow: a function of a graph, its gradients and what it took."""

import resource
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from process import seconds

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
    first_trace = seconds(lambda: step.get_concrete_function(tensors[0][:, :2], *tensors[1:]))
    before = peak_megabytes()
    trace = seconds(lambda: step.get_concrete_function(*tensors))
    first_call = seconds(lambda: step(*tensors)[0].numpy())
    memory = peak_megabytes() - before
    graph = step.get_concrete_function(*tensors).graph.as_graph_def()
    nodes = len(graph.node) + sum(len(function.node_def) for function in graph.library.function)
    facts = {"first trace": first_trace, "trace": trace, "first call": first_call, "nodes": nodes}

    def call() -> Any:
        loss, gradients = step(*tensors)
        loss.numpy()  # is there when this returns
        return loss, gradients

    return Work(call, facts=facts | {"memory": memory})


def peak_megabytes() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
