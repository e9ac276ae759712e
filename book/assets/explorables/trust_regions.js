import { axes, explore, number, ofTwo } from "./base.js";
import { evaluate, FARTHEST, handles, inputs } from "./trust_regions.model.js";

/** A part of the model's level line through a point. */
function modelLine([x, y], [a, b]) {
  const far = 1.3 / Math.hypot(a, b);
  return [
    [x - far * b, y + far * a],
    [x + far * b, y - far * a],
  ];
}

function planeOf({ start, end, gradient, circle, level, levels }, width) {
  const picture = axes({
    width,
    height: width - 20, // so that both axes have the same scale
    x: { from: -2, to: 5, label: "first parameter θ₁" },
    y: { from: -3.5, to: 3.5, label: "second parameter θ₂" },
    name: "Level lines of the valley, a circle about the start, and the step to the model's best point on it",
  });
  for (const each of levels) picture.line(each, "level");
  picture.line(level, "tangent");
  picture.line(circle, "third");
  picture.line(modelLine(start, gradient), "fourth");
  picture.line(modelLine(end, gradient), "fourth");
  picture.line([start, end], "gradient");
  picture.marks([start], "gradient");
  picture.marks([end], "third");
  return picture;
}

function walkOf({ promises, deliveries, promised, delivered, lowest, best }, { radius }, width, height) {
  const most = promises.at(-1)[1];
  const picture = axes({
    width,
    height,
    x: { from: 0, to: 1.03 * FARTHEST, label: "step length δ" },
    y: { from: Math.min(-0.1 * most, 1.05 * delivered), to: 1.05 * most, label: "decrease" },
    name: "The decrease that the linear model predicts and the actual one, over the length of the step",
  });
  picture.line([[0, 0], [1.03 * FARTHEST, 0]], "level");
  picture.line([[radius, promised], [radius, delivered]], "tangent");
  picture.line(promises, "fourth");
  picture.line(deliveries, "gradient");
  picture.strokes([[lowest, best]], "ink");
  picture.marks([[radius, promised]], "fourth");
  picture.marks([[radius, delivered]], "gradient");
  return picture;
}

function draw(numbers, state, width) {
  const wide = ofTwo(width) < width;
  const side = wide ? ofTwo(width) : Math.min(width, 300);
  return [planeOf(numbers, side), walkOf(numbers, state, wide ? side : width, wide ? side - 20 : 180)];
}

function outcome({ promised, delivered, ratio }) {
  const start = `The linear model predicts a decrease of ${number(promised, 2)};`;
  if (delivered < -0.005) return `${start} instead, the loss rises by ${number(-delivered, 2)}.`;
  return `${start} the actual one is ${number(delivered, 2)}, or ${number(100 * ratio, 0)} percent of it.`;
}

function verdict(ratio) {
  if (ratio <= 0.1) return "The model was trusted too far: halve the radius, and stay.";
  if (ratio < 0.25) return "The model was trusted too far: halve the radius.";
  if (ratio <= 0.75) return "A fair step: keep the radius.";
  return "The model was nearly right: double the radius.";
}

function place(lowest, radius) {
  const where = `the lowest point in this direction, ${number(lowest, 2)} away`;
  return radius < lowest ? `The step ends before ${where}.` : `The step goes beyond ${where}.`;
}

export function describe(numbers, { radius }) {
  return `${outcome(numbers)} ${verdict(numbers.ratio)} ${place(numbers.lowest, radius)}`;
}

export const longest = { first: 1, second: -0.5, radius: 2 };

explore("trust-regions", {
  hint:
    "The triangle is the point of the circle where the linear model " +
    "is lowest; inside the thick level line the valley is lower than at the start. In the second picture the stroke " +
    "marks the lowest point in the direction of the step.",
  legend: [
    ["fourth", "predicted by the linear model"],
    ["gradient", "actual decrease"],
    ["third", "equally long steps"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
