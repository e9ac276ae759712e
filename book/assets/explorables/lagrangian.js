import { axes, explore, number } from "./base.js";
import { evaluate, handles, inputs } from "./lagrangian.model.js";

const HALF = 4.6; // of the side of the picture

/** The part of the level line g · d = level that can be seen, and more. */
function levelLine([x, y], level) {
  const square = x * x + y * y;
  const [a, b] = [(level * x) / square, (level * y) / square];
  const far = (3 * HALF) / Math.sqrt(square);
  return [
    [a - far * y, b + far * x],
    [a + far * y, b - far * x],
  ];
}

function draw({ gradient, best, plain, gain, ellipse }, state, width) {
  const side = Math.min(width, 370);
  const range = { from: -HALF, to: HALF };
  const picture = axes({
    width: side,
    height: side - 20, // so that both axes have the same scale
    x: { ...range, label: "first parameter" },
    y: { ...range, label: "second parameter" },
    name: "An ellipse, level lines of the model, and two steps that end on the ellipse",
  });
  for (let level = -18; level <= 18; level += 2) picture.line(levelLine(gradient, level), "level");
  picture.line(levelLine(gradient, gain), "tangent");
  picture.line(ellipse, "reference");
  for (const [step, role] of [
    [plain, "gradient"],
    [best, "natural"],
  ]) {
    picture.line([[0, 0], step], role);
    picture.marks([[0, 0], step], role);
  }
  return [picture];
}

const point = (step) => `(${step.map((entry) => number(entry)).join(", ")})`;

export function describe({ best, plain, gain, plainGain, between }) {
  const fall = (value) => number(-value, 2);
  const compared =
    between < 0.05
      ? "Minus the gradient points the same way: here it is an eigenvector of the metric."
      : `An equally long step along minus the gradient, to ${point(plain)}, gains ${fall(plainGain)}. ` +
        `The two directions are ${number(between, 0)}° apart.`;
  return `The best step, to ${point(best)}, lowers the model by ${fall(gain)}. ${compared}`;
}

export const longest = { stretch: 5.9, turn: 77.5, slope: 60, radius: 1.5 };

explore("lagrangian", {
  hint:
    "Every point of the ellipse is equally far away in the metric. The thin lines join points of equal value " +
    "of the linear model, two apart; the thick one touches the ellipse.",
  legend: [
    ["natural", "best step"],
    ["gradient", "minus the gradient"],
    ["reference", "equally far"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
