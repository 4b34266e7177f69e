// Steps of training per second in the arithmetic of the figures: node benchmarks/figures.mjs

import { adding, sine } from "../tests/figures/models.mjs";

const NEEDED = [[adding, 3000], [sine, 100]]; // steps a second, for a figure that learns while one looks on
const seconds = () => process.cpuUsage().user / 1e6; // of the processor, so that a busy machine shows less

for (const [model, needed] of NEEDED) {
  const { train } = model(0);
  for (const warm = seconds() + 0.5; seconds() < warm; ) train();
  const start = seconds();
  let steps = 0;
  for (; seconds() - start < 2; steps++) train();
  console.log(`${model.name}: ${Math.round(steps / (seconds() - start))} steps/s (needed: ${needed})`);
}
