import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs } from "./gauss_newton.model.js";

const ROLES = { fisher: "natural", hessian: "gradient", cut: "third" };

function draw({ curvatures, lowest, minimum, curve, parabolas, lines }, { count }, width) {
  const side = ofTwo(width);
  const height = heightOfTwo(width);
  const slope = 4 * (1 - count);
  const models = axes({
    width: side,
    height,
    x: { from: 0.1, to: 2.2, label: "parameter θ" },
    y: { from: Math.min(-1, 1 - 2 * count), to: 5, label: "loss" },
    name: "The loss, and three quadratic models at θ = 1",
  });
  models.line(curve, "reference");
  for (const [kind, role] of Object.entries(ROLES)) {
    models.line(parabolas[kind], role);
    if (lowest[kind] !== null) models.marks([[lowest[kind], 1 + (slope * (lowest[kind] - 1)) / 2]], role);
  }
  if (minimum > 0.1) models.strokes([[minimum, curve[Math.round((minimum - 0.1) * 50)][1]]], "reference");
  const matrices = axes({
    width: side,
    height,
    x: { from: 0, to: 6, label: "count y" },
    y: { from: -10, to: 70, label: "curvature of the model" },
    name: "The three curvatures against the count",
  });
  for (const [kind, role] of Object.entries(ROLES)) {
    matrices.line(lines[kind], role);
    matrices.marks([[count, curvatures[kind]]], role);
  }
  return [models, matrices];
}

export function describe({ curvatures, lowest, minimum }, { cut, count }) {
  const place = cut === 0 ? "at the natural parameter" : `at θ to the power ${number(cut)}`;
  const own = `Cut ${place}, Gauss–Newton has the curvature ${number(curvatures.cut)}; Fisher has 16.`;
  const end =
    lowest.cut === null
      ? "It is not positive, so the model has no lowest point."
      : `Its step ends at ${number(lowest.cut, 2)}, that of Fisher at ${number(lowest.fisher, 2)}.`;
  return `${own} ${end} The minimum for y = ${number(count, 2)} is at ${number(minimum, 2)}.`;
}

export const longest = { cut: 5.9, count: 0 };

explore("gauss-newton", {
  hint:
    "Left: the loss (grey), with its minimum, and three quadratic models at θ = 1, each with its lowest point. " +
    "Right: their curvatures for every count. They are equal where the count is the mean.",
  legend: [
    ["natural", "Fisher"],
    ["gradient", "Hessian"],
    ["third", "Gauss–Newton at the cut"],
    ["reference", "loss"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
