import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs } from "./taylor.model.js";

function draw({ end, quadratic, divergence, remainder, curves, level, ellipse }, { length }, width) {
  const side = ofTwo(width);
  const height = heightOfTwo(width);
  const plane = axes({
    width: side,
    height,
    x: { from: -1.6, to: 1.6, label: "mean μ" },
    y: { from: 0, to: 2.6, label: "standard deviation σ" },
    name: "The step, the ellipse through its end, and the steps of the same true divergence",
  });
  for (const line of level) plane.line(line, "third");
  plane.line(ellipse, "natural");
  plane.line([[0, 1], end], "tangent");
  plane.marks([[0, 1], end], "natural");
  const decay = axes({
    width: side,
    height,
    x: { from: 1e-3, to: 1, log: true, label: "length h of the step" },
    y: { from: 1e-11, to: 20, log: true, label: "nats" },
    name: "Divergence, quadratic form and remainder against the length of the step",
  });
  const paired = (values) => values.map((value, k) => [curves.sizes[k], Math.abs(value)]);
  for (const [values, here, role] of [
    [curves.divergences, divergence, "third"],
    [curves.quadratics, quadratic, "natural"],
    [curves.remainders, Math.abs(remainder), "fourth"],
  ]) {
    if (here === 0) continue; // nothing to draw on a logarithmic axis
    decay.line(paired(values), role);
    decay.marks([[length, here]], role);
  }
  return [plane, decay];
}

export function describe({ quadratic, divergence, remainder, slope }) {
  const nats = (value) => number(value, value < 0.1 ? 4 : 3);
  if (remainder === 0) {
    const both = `The ellipse predicts ${nats(quadratic)} nats, and that is the divergence`;
    return `Only the mean moves. ${both}: at constant width it is quadratic, nothing remains at any length.`;
  }
  const ratio = divergence / quadratic;
  const compared = ratio < 1.1 ? `${number(100 * ratio, 0)} percent of that` : `${number(ratio, 2)} times as much`;
  const kind = remainder > 0 ? "narrows" : "widens";
  return (
    `The step ${kind} the Gaussian. The ellipse predicts ${nats(quadratic)} nats; the divergence is ` +
    `${nats(divergence)}, ${compared}. Below h = 0.1 the remainder falls with slope ${number(slope, 2)}, ` +
    "the quadratic form with slope 2."
  );
}

export const longest = { length: 0.05 };

explore("taylor", {
  hint:
    "One step away from the standard Gaussian. Solid: the ellipse of the Fisher matrix through its end. " +
    "Dash-dotted: the steps whose divergence is what the ellipse predicts. " +
    "The second picture: both, and what lies between them, for steps of every length in this direction.",
  legend: [
    ["natural", "quadratic form"],
    ["third", "divergence"],
    ["fourth", "remainder"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
