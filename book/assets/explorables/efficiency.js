import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs, LAST } from "./efficiency.model.js";

const CURVES = ["gradient", "natural"];
const KEYS = { natural: "natural", gradient: "plain" };
const ERROR = { from: 0.5, to: 2e6, log: true };

function curvesOf(result, size) {
  const picture = axes({
    ...size,
    x: { from: 1, to: LAST, label: "observations t", log: true },
    y: { ...ERROR, label: "t × error / bound" },
    name: "Errors of the natural and of the plain gradient, by the number of observations",
  });
  picture.line([[1, 1], [LAST, 1]], "level");
  for (const role of CURVES) {
    const points = result.times.map((t, k) => [t, result[KEYS[role]][k]]);
    picture.line(points, role);
    picture.marks(points.filter((_, k) => k % 10 === 0), role);
  }
  return picture;
}

function endsOf(result, size) {
  const picture = axes({
    ...size,
    x: { from: 0, to: 8.1, label: "constant c" },
    y: { ...ERROR, label: "the same after 10,000" },
    name: "The errors after ten thousand observations, by the constant",
  });
  picture.line([[0, 1], [8.1, 1]], "level");
  for (const role of CURVES) {
    const points = result.constants.map((c, k) => [c, result[`${KEYS[role]}Ends`][k]]);
    picture.line(points, role);
    picture.marks(points.filter((_, k) => k % 10 === 9), role);
  }
  return picture;
}

function draw(result, state, width) {
  const size = { width: ofTwo(width), height: heightOfTwo(width) };
  return [curvesOf(result, size), endsOf(result, size)];
}

function times(value) {
  if (value >= 9999.5) return "more than ten thousand times the bound";
  return `${number(value, value < 9.95 ? 2 : 0)} times the bound`;
}

export function describe(result, { constant, ratio, start }) {
  const here = `c = ${number(constant, 1)}, eigenvalues 1 and 1/${ratio}, start ${start} standard deviation${start === 1 ? "" : "s"} away`;
  const natural = `the natural gradient ends at ${times(result.natural.at(-1))} (best c: ${number(result.bestNatural, 1)})`;
  const plain = `the plain one at ${times(result.plain.at(-1))} (best c: ${number(result.bestPlain, 1)})`;
  return `With ${here}, ${natural}, ${plain}.`;
}

export const longest = { constant: 0.1, ratio: 20, start: 20 };

explore("efficiency", {
  hint:
    "Steps c/(t + 10) in a linear model with two parameters, exactly. The grey line is the bound of Cramér and Rao. " +
    "Left: errors by the number of observations; right: after ten thousand, for every constant.",
  legend: [
    ["natural", "natural gradient"],
    ["gradient", "plain gradient"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
