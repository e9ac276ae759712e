import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, FLOOR, handles, inputs } from "./conjugate_gradient.model.js";

const ROLES = ["gradient", "third", "natural"]; // of the polynomials of degree one, two and three

function draw({ spectrum, residuals, curves }, state, width) {
  const side = ofTwo(width);
  const height = heightOfTwo(width);
  const left = axes({
    width: side,
    height,
    x: { from: 0, to: 12, label: "eigenvalue ω" },
    y: { from: -1, to: 1.1, label: "polynomial φ(ω)" },
    name: "Polynomials of degree one, two and three over the eigenvalues",
  });
  left.line([[0, 0], [12, 0]], "level");
  curves.forEach((curve, k) => left.line(curve, ROLES[k]));
  left.strokes(spectrum.map((omega) => [omega, 0]), "ink");
  const right = axes({
    width: side,
    height,
    x: { from: 0, to: 12.3, label: "iteration" },
    y: { from: FLOOR / 2, to: 2, log: true, label: "relative residual" },
    name: "The relative residual after each iteration",
  });
  const points = residuals.map((residual, k) => [k, Math.max(residual, FLOOR)]);
  right.line([[0, FLOOR], [12.3, FLOOR]], "level");
  right.line(points, "fourth");
  right.marks(points, "fourth");
  return [left, right];
}

const WORDS = ["no", "one", "two", "three"];
const counted = (count, noun) => `${WORDS[count] ?? count} ${noun}${count === 1 ? "" : "s"}`;

export function describe({ distinct, residuals, solved }) {
  const start = `Sixty unknowns, ${counted(distinct, "distinct eigenvalue")}.`;
  if (solved !== null && solved <= 3) {
    return `${start} Conjugate gradients are at the solution after ${counted(solved, "iteration")}.`;
  }
  const percent = 100 * residuals[3];
  const share = number(percent, percent < 1 ? Math.ceil(1 - Math.log10(percent)) : 0); // two digits of a small one
  const end = solved === null ? "after twelve it is still above" : `after ${solved} it is below`;
  return `${start} After three iterations ${share} percent of the residual is left, and ${end} a millionth.`;
}

export const longest = { first: 0.5, second: 1, third: 9, width: 4 };

explore("conjugate-gradient", {
  hint:
    "Three groups of twenty eigenvalues each (strokes). A polynomial that is small on all strokes leaves little of " +
    "the error.",
  legend: [
    ["gradient", "degree one"],
    ["third", "degree two"],
    ["natural", "degree three"],
    ["fourth", "residual"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
