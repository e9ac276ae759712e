import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { ESTIMATE, evaluate, handles, inputs, STEPS } from "./maximum_likelihood.model.js";

const ACROSS = { from: -5, to: 26, label: "mean μ" };
const UP = { from: 0, to: 18, label: "standard deviation σ" };
const PANELS = [
  ["gradient", "plain", "Gradient descent", 60],
  ["natural", "natural", "The natural gradient", 1],
];

/** The two strokes of an arrow's head, if the arrow is longer than a head; lengths in pixels. */
function head([tail, tip], scale) {
  const [across, up] = [0, 1].map((k) => (tip[k] - tail[k]) * scale[k]);
  const length = Math.hypot(across, up);
  const size = Math.min(4, length / 2);
  const wing = (side) => {
    const along = -size / length;
    return [
      tip[0] + (along * across - side * along * 0.6 * up) / scale[0],
      tip[1] + (along * up + side * along * 0.6 * across) / scale[1],
    ];
  };
  return length < 3 ? [tip] : [wing(1), tip, wing(-1)];
}

function draw(result, state, width) {
  const side = ofTwo(width);
  const height = heightOfTwo(width);
  const scale = [(side - 68) / (ACROSS.to - ACROSS.from), (height - 48) / (UP.to - UP.from)]; // pixels a unit
  const { contours, ...arrows } = result.landscape;
  return PANELS.map(([role, method, name, spacing]) => {
    const { points } = result[method];
    const panel = axes({ width: side, height, x: ACROSS, y: UP, name: `${name}: path, arrows and contours` });
    for (const line of contours.flat()) panel.line(line, "level");
    for (const arrow of arrows[method]) {
      panel.line(arrow, `${role} arrow`);
      panel.line(head(arrow, scale), `${role} arrow`);
    }
    panel.line(points, role);
    panel.marks(points.filter((_, k) => k < 2 || k % spacing === 0), role);
    const [a, b] = ESTIMATE;
    panel.line([[a - 0.9, b], [a + 0.9, b]], "tangent");
    panel.line([[a, b - 0.9], [a, b + 0.9]], "tangent");
    return panel;
  });
}

const big = (value) => number(value, Math.abs(value) < 99.5 ? 1 : 0);
const counted = (count) => `${count.toLocaleString("en")} step${count === 1 ? "" : "s"}`;

/** Whether the last points are the first two again: at rate 2 two natural steps lead back. */
function cycles(points) {
  const near = (a, b) => a.every((entry, k) => Math.abs(entry - b[k]) < 1e-6 * (1 + Math.abs(b[k])));
  const [a, b, c, d] = points.slice(-4);
  return points.length > 3 && near(a, c) && near(b, d) && !near(a, b); // and not creeping along
}

function ending({ points, arrived, end }) {
  const steps = points.length - 1;
  if (arrived) return `needs ${counted(steps)} to the estimate`;
  if (end === "space") return `leaves the parameter space at step ${steps + 1}, to a negative σ`;
  if (end === "far") return `has lost its way after ${counted(steps)}, each farther off than the last`;
  if (cycles(points)) return "goes to and fro between two points for ever";
  const [mean, deviation] = points.at(-1);
  return `is only at μ = ${big(mean)}, σ = ${big(deviation)} after ${counted(STEPS)}`;
}

function story(name, run, start) {
  const landed = run.points[1]?.[1] ?? start;
  if (Math.abs(landed - start) <= 1) return `${name} ${ending(run)}`;
  const out = landed > UP.to ? ", above the picture," : "";
  return `${name} jumps to σ = ${big(landed)}${out} and ${ending(run)}`;
}

export function describe({ plain, natural }, { deviation }) {
  return `${story("Gradient descent", plain, deviation)}. ${story("The natural gradient", natural, deviation)}.`;
}

export const longest = { mean: 10, deviation: 0.5, rate: 2.22 };

explore("maximum-likelihood", {
  hint:
    "The cross is the estimate, grey are the contours of the likelihood. Thin arrows point downhill, with one scale " +
    "in each picture. " +
    "Squares stand for every sixtieth step, dots for every step; one percent beside the estimate is close enough.",
  legend: [
    ["gradient", "gradient descent"],
    ["natural", "natural gradient"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
