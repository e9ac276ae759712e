import { axes, explore, number } from "./base.js";
import { evaluate, inputs, UPDATES } from "./natural_policy_gradient.model.js";

const CURVES = [
  ["gradient", "plain"],
  ["natural", "natural"],
];

function draw(paths, state, width) {
  const wide = Math.min(width, 620);
  const picture = axes({
    width: wide,
    height: Math.min(330, Math.max(250, Math.round(0.6 * wide))),
    x: { from: 0, to: 203, label: "updates" },
    y: { from: -1.1, to: 0.02, label: "return over first loss" },
    name: "Learning curves of the policy gradient and of the natural policy gradient",
  });
  for (const [role, method] of CURVES) {
    const { objective, end } = paths[method];
    const curve = objective.map((value, update) => [update, -value / objective[0]]);
    if (end === null && curve.length <= UPDATES) curve.push([UPDATES, 0]); // nothing was left to learn
    picture.line(curve, role);
    picture.marks(curve.filter(([update], k) => update % 25 === 0 || k === curve.length - 1), role);
  }
  return [picture.drawing];
}

const ENDS = {
  space: (update) => `leaves the parameter space at update ${update}, where σ would not be positive`,
  far: () => "overshoots further and further, because σ shrinks and its steps do not",
};

function outcome(name, { objective, arrived, end }) {
  const parts = [];
  if (arrived !== null) parts.push(`needs ${arrived} updates to one percent of its first loss`);
  if (end !== null) parts.push(ENDS[end.because](end.update));
  if (!parts.length) {
    const share = (100 * objective.at(-1)) / objective[0];
    const percent = share > 1000 ? "over a thousand" : number(share, share < 10 ? 1 : 0);
    parts.push(`has ${percent} percent of its first loss after ${UPDATES} updates`);
  }
  return `${name} ${parts.join(", then ")}`;
}

function describe({ natural, plain }, { horizon, stepSize, spread }) {
  const task = `${horizon} action${horizon === 1 ? "" : "s"}, step size ${number(stepSize, 3)}, σ = ${spread}`;
  return `${task}: ${outcome("the natural policy gradient", natural)}; ${outcome("the policy gradient", plain)}.`;
}

explore("natural-policy-gradient", {
  title: "The race without noise",
  hint:
    "The line walk from μ = 10, with the exact gradient, divided by the exact standard deviation of the return. " +
    "Then try a small σ at the start.",
  legend: [
    ["natural", "natural policy gradient"],
    ["gradient", "policy gradient"],
  ],
  inputs,
  evaluate,
  draw,
  describe,
});
