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
  const given = Object.values(options).map((value) => rnn[value] ?? value); // an activation by its name
  if (!given.length && kind !== "GRUCell") given.push(undefined); // the default
  const cell = new rnn[kind](H, ...given, { numInputs: D });
  assert.deepEqual(Object.keys(cell.weights).sort(), Object.keys(weights).sort());
  for (const name in weights) {
    assert.deepEqual(cell.weights[name].shape, weights[name].shape);
    cell.weights[name].set(weights[name]);
  }
  return cell;
}

for (const [n, written] of cases.unrolled.entries()) {
  const name = `${written.cell} ${JSON.stringify(written.options)} ${written.lengths ? "ragged" : "whole"} (${n})`;
  test(`${name}: outputs, state and every gradient are those of the package`, () => {
    const its = read(written), cell = makeCell(its);
    its.lengths?.forEach((length, b) => {
      for (const array of [its.inputs, its.d_outputs]) { // the padding may hold anything
        const [, T, N] = array.shape;
        array.fill(NaN, (b * T + length) * N, (b + 1) * T * N);
      }
    });
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

for (const written of cases.attended) {
  test(`attend with lengths ${written.lengths}: context and weights, whatever the padding holds`, () => {
    const its = read(written), T = its.memory.shape[1], H = its.memory.shape[2];
    its.lengths?.forEach((length, b) => its.memory.fill(NaN, (b * T + length) * H, (b + 1) * T * H));
    const [context, weights] = rnn.attend(its.query, its.memory, its.lengths);
    same({ context, weights }, { context: its.context, weights: its.weights }, "attend");
  });
}

for (const [n, written] of cases.translated.entries()) {
  test(`the translator of dates writes what the package writes (${n})`, () => {
    const its = read(written), H = its.output.shape[0], B = its.source.length, zero = (J) => rnn.zeros([J]);
    const oneHot = (token, size) => Array.from({ length: size }, (_, k) => Number(k === token));
    const cell = (weights) => makeCell({ cell: "GRUCell", options: {}, D: weights.gates_kernel.shape[0] - H, H, weights });
    const layer = (kernel) => {
      const made = new rnn.Dense(kernel.shape[1], { numInputs: kernel.shape[0] });
      made.weights.kernel.set(kernel);
      return made;
    };
    const encoder = cell(its.encoder), decoder = cell(its.decoder), mix = layer(its.mix), output = layer(its.output);
    const inputs = rnn.array(its.source.map((row) => row.map((token) => oneHot(token, encoder.numInputs))));
    const [memory, state] = rnn.unroll(encoder, inputs, its.lengths);
    const step = (tokens, state) => {
      const fed = rnn.array(tokens.map((token) => oneHot(token, decoder.numInputs)));
      const [query, newState] = decoder.call(fed, state);
      const [context] = rnn.attend(rnn.array(query, [B, 1, H]), memory, its.lengths);
      const both = [];
      for (let b = 0; b < B; b++) for (const part of [query, context]) both.push([...part.subarray(b * H, (b + 1) * H)]);
      const mixed = mix.call(rnn.array(both.flat(), [B, 2 * H]));
      return [output.call(rnn.array(mixed.map(Math.tanh), [B, H])), newState];
    };
    const [tokens, ends] = rnn.greedyDecode(step, state, 0, 0, 11);
    assert.deepEqual(tokens, its.tokens);
    assert.deepEqual(ends, its.ends);
  });
}
