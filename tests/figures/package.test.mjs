// `book/_static/rnn.js` beside `rnnbook.scratch`: the cases that vectors.py wrote to the path in VECTORS.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import rnn from "../../book/_static/rnn.js";

const cases = JSON.parse(readFileSync(process.env.VECTORS, "utf8"));
const ROUNDING = 1e-12; // of a number, or of 1 where it is smaller

const isArray = (value) => Array.isArray(value?.shape);

/** What JSON holds, with arrays in the place of their shapes and numbers. */
function read(value) {
  if (isArray(value)) return rnn.array(value.values, value.shape);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(read);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, read(part)]));
}

function same(got, expected, where) {
  if (typeof expected === "number") {
    const error = Math.abs(got - expected) / Math.max(1, Math.abs(expected));
    assert.ok(error <= ROUNDING, `${where}: ${got} is not ${expected}`);
  } else if (isArray(expected)) {
    assert.deepEqual(got.shape, expected.shape, where);
    expected.forEach((number, n) => same(got[n], number, `${where}[${n}]`));
  } else {
    assert.deepEqual(Object.keys(got).sort(), Object.keys(expected).sort(), where);
    for (const name in expected) same(got[name], expected[name], `${where}.${name}`);
  }
}

function makeCell({ cell: kind, options, D, H, weights }) {
  const given = Object.entries(options).map(([name, value]) => (name === "activation" ? rnn[value] : value));
  const cell = new rnn[kind](H, ...given, ...defaults(kind, given), { numInputs: D });
  assert.deepEqual(Object.keys(cell.weights).sort(), Object.keys(weights).sort());
  for (const name in weights) {
    assert.deepEqual(cell.weights[name].shape, weights[name].shape);
    cell.weights[name].set(weights[name]);
  }
  return cell;
}

/** The argument before the options, where the case gives none. */
function defaults(kind, given) {
  return kind === "GRUCell" || given.length ? [] : [undefined];
}

for (const [n, written] of cases.unrolled.entries()) {
  const name = `${written.cell} ${JSON.stringify(written.options)} ${written.lengths ? "ragged" : "whole"} (${n})`;
  test(`${name}: outputs, state and every gradient are those of the package`, () => {
    const its = read(written), cell = makeCell(its);
    const [outputs, state] = rnn.unroll(cell, its.inputs, its.lengths, its.start);
    same({ outputs, state }, { outputs: its.outputs, state: its.state }, "unroll");
    const run = rnn.forwardThroughTime(cell, its.inputs, its.lengths, its.start);
    same({ outputs: run[0], state: run[1] }, { outputs: its.outputs, state: its.state }, "forwardThroughTime");
    for (const [truncate, expected] of Object.entries(its.gradients)) {
      const cut = truncate === "none" ? undefined : Number(truncate);
      const [inputs, start, params] = rnn.backwardThroughTime(cell, run[2], its.d_outputs, its.d_state, cut);
      same({ inputs, start, params }, expected, `truncate ${truncate}`);
    }
  });
}

for (const written of cases.optimizers) {
  test(`${written.optimizer}(${written.arguments}): three steps are those of the package`, () => {
    const its = read(written), optimizer = new rnn[its.optimizer](...its.arguments);
    for (const gradients of its.gradients) optimizer.step(its.before, gradients);
    same(its.before, its.after, its.optimizer);
  });
}

for (const written of cases.losses) {
  test(`${written.loss}: the value and its gradient`, () => {
    const its = read(written), [loss, gradient] = rnn[its.loss](its.values, its.targets);
    same({ loss, gradient }, { loss: its.is, gradient: its.gradient }, its.loss);
  });
}

for (const written of cases.clipped) {
  test(`clipByGlobalNorm to ${written.max_norm}: the gradients and their norm`, () => {
    const its = read(written), [clipped, norm] = rnn.clipByGlobalNorm(its.gradients, its.max_norm);
    same({ clipped, norm }, { clipped: its.clipped, norm: its.norm }, "clipByGlobalNorm");
  });
}
