import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, FROM, handles, inputs, STEPS, TO } from "./deep_linear.model.js";

const [LEAST, MOST] = [1e-12, 1e9];
const within = (value) => Math.min(MOST, Math.max(LEAST, value));

function stairsOf({ map, stairs, products }, width, height) {
  const picture = axes({
    width,
    height,
    x: { from: FROM, to: TO, label: "product before a step" },
    y: { from: FROM, to: TO, label: "after it" },
    name: "The product after a step over the product before it, and a staircase of successive steps",
  });
  picture.line([[FROM, FROM], [TO, TO]], "level");
  picture.line([[FROM, 0], [TO, 0]], "level");
  const bounded = (value) => Math.min(40, Math.max(-40, value));
  for (const half of map) picture.line(half.map(([w, next]) => [w, bounded(next)]), "natural");
  picture.line(stairs.map(([w, next]) => [bounded(w), bounded(next)]), "tangent");
  picture.marks([[products[0], 0]], "gradient");
  return picture;
}

function errorsOf({ errors, theory }, width, height) {
  const picture = axes({
    width,
    height,
    x: { from: 0, to: STEPS, label: "step", whole: true },
    y: { from: LEAST, to: MOST, label: "error", log: true },
    name: "The error of the product over the steps",
  });
  picture.line(theory.map(([k, error]) => [k, within(error)]), "fourth");
  const points = errors.map((error, k) => [k, within(error)]);
  picture.line(points, "gradient");
  picture.marks(points, "gradient");
  return picture;
}

function draw(numbers, state, width) {
  const [side, height] = [ofTwo(width), heightOfTwo(width)];
  return [stairsOf(numbers, side, height), errorsOf(numbers, side, height)];
}

function outcome({ arrived, escaped, cycle, errors }, { depth }) {
  const network = depth === 1 ? "With one layer" : `With ${depth} layers`;
  if (escaped) return `${network} the product explodes within ${errors.length - 1} steps.`;
  if (arrived) return `${network} the product is 1, to six digits, after ${errors.findIndex((error) => error < 1e-6)} steps.`;
  if (cycle) return `${network} the product cycles between two values.`;
  const end = errors.at(-1) > 1000 ? "above 1000" : number(errors.at(-1), 3);
  return `${network} the error is ${end} after ${errors.length - 1} steps.`;
}

function reason({ negative, arrived }, { depth, size }) {
  if (negative && depth > 1 && depth % 2 === 0) return "It started below zero, and an even number of equal factors cannot make it reach 1.";
  if (negative && depth > 1 && arrived) return "It started below zero, and a step has jumped across.";
  if (size >= 2) return `Near 1 each step multiplies the error by ${number(1 - size, 1)}.`;
  return `Near 1 each step multiplies the error by ${number(1 - size, 1)}, at each depth.`;
}

export function describe(numbers, state) {
  return `${outcome(numbers, state)} ${reason(numbers, state)}`;
}

export const longest = { depth: 2, size: 0.5, start: -1.5 };

explore("deep-linear", {
  hint:
    "In the first picture the curve is one step, and the staircase follows the steps from the start, the square; where the " +
    "curve crosses the diagonal at 1, the network is the best one. The second picture has the same steps.",
  legend: [
    ["natural", "one step"],
    ["gradient", "error after each step"],
    ["fourth", "error if each step multiplied it by 1 − α"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
