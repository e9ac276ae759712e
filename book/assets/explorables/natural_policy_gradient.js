import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs, UPDATES } from "./natural_policy_gradient.model.js";

const CURVES = [
  ["gradient", "plain"],
  ["natural", "natural"],
];

function curvesOf(paths, size) {
  const picture = axes({
    ...size,
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
  return picture;
}

/** The way of μ and σ; where σ is small, a step of the policy gradient is too long for μ. */
function pathsOf(paths, size) {
  const picture = axes({
    ...size,
    x: { from: -12, to: 12, label: "mean μ" },
    y: { from: 0, to: 21, label: "deviation σ" },
    name: "The paths of both through the means and standard deviations of the policy",
  });
  picture.line([[0, 0], [0, 21]], "level"); // the best mean
  for (const [role, method] of CURVES) {
    const { means, deviations } = paths[method];
    const points = means.map((mean, update) => [mean, deviations[update]]);
    picture.line(points, role);
    picture.marks(points.filter((_, update) => update % 25 === 0), role);
  }
  return picture;
}

function draw(paths, state, width) {
  const size = { width: ofTwo(width), height: heightOfTwo(width) };
  return [curvesOf(paths, size), pathsOf(paths, size)];
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

export function describe({ natural, plain }, { horizon, stepSize, spread }) {
  const task = `${horizon} action${horizon === 1 ? "" : "s"}, step size ${number(stepSize, 3)}, σ = ${spread}`;
  return `${task}: ${outcome("the natural policy gradient", natural)}; ${outcome("the policy gradient", plain)}.`;
}

export const longest = { horizon: 26, stepSize: 0.255, spread: 10.5 };

explore("natural-policy-gradient", {
  hint:
    "The line walk from μ = 10, with the exact gradient, divided by the exact standard deviation of the return. The " +
    "second picture shows where μ and σ go; marks stand for every 25th update.",
  legend: [
    ["natural", "natural policy gradient"],
    ["gradient", "policy gradient"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
