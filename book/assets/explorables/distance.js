import { axes, explore, html, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs, REACH } from "./distance.model.js";

const HALF = 3.5; // of the range of the means
const TOP = 4; // of that of the standard deviations

function curvesOf({ curves }, width, height) {
  const [before, after] = curves;
  const highest = Math.max(...[...before, ...after].map(([, height]) => height));
  const picture = axes({
    width,
    height,
    x: { from: -REACH, to: REACH, label: "x" },
    y: { from: 0, to: 1.08 * highest, label: "density" },
    name: "The densities of the two Gaussians",
  });
  picture.line(before, "gradient");
  picture.line(after, "natural");
  return picture;
}

function waysOf({ way, rulers }, width, height) {
  const picture = axes({
    width,
    height,
    x: { from: -HALF, to: HALF, label: "mean μ" },
    y: { from: 0, to: TOP, label: "deviation σ" },
    name: "The two Gaussians as points, with the straight path and the shortest path between them",
  });
  const [start, end] = [way[0], way.at(-1)];
  for (const ruler of rulers) picture.line(ruler, "level");
  picture.line([start, end], "reference");
  picture.line(way, "third");
  picture.marks([start], "gradient");
  picture.marks([end], "natural");
  return picture;
}

function readings({ parameters, rao, forth, back }) {
  const rows = [
    ["parameter distance", number(parameters, 2)],
    ["Fisher–Rao distance", number(rao, 2)],
    ["KL(old ‖ new)", `${number(forth, 2)} nats`],
    ["KL(new ‖ old)", `${number(back, 2)} nats`],
  ];
  const items = rows.map(([term, value]) => html("div", {}, html("dt", {}, term), html("dd", {}, value)));
  return html("dl", { class: "explorable-readings" }, ...items);
}

function draw(numbers, state, width) {
  const side = ofTwo(width);
  const height = Math.round(((side - 68) * TOP) / (2 * HALF)) + 48; // so that μ and σ have the same scale
  return [curvesOf(numbers, side, side < width ? Math.max(190, height) : 165), waysOf(numbers, side, height), readings(numbers)];
}

const share = (part) => (part < 0.01 ? "less than one percent" : `${number(100 * part, 0)} percent`);

function ways({ rao, straight, way }) {
  const higher = Math.max(way[0][1], way.at(-1)[1]);
  const climbs = way.some(([, width]) => width > 1.001 * higher) && straight > 1.01 * rao;
  const detour = climbs ? ` and widens on the way; straight on it is ${number(straight, 2)}` : "";
  return `The shortest path is ${number(rao, 2)} long${detour}.`;
}

function divergences({ forth, back }) {
  const ratio = Math.max(forth, back) / Math.min(forth, back);
  if (ratio < 1.05) return `The divergence is ${ratio < 1 + 1e-9 ? "" : "nearly "}the same both ways.`;
  const [wide, narrow] = forth > back ? ["old", "new"] : ["new", "old"];
  const times = ratio > 100 ? "over a hundred times" : `${number(ratio, ratio < 10 ? 1 : 0)} times`;
  if (ratio < 3) return `The divergence from the ${wide} one to the ${narrow} one is ${times} the other.`;
  const why = `The narrow ${narrow} one hardly expects what the wide ${wide} one produces`;
  return `${why}: that divergence is ${times} the other.`;
}

export function describe(numbers) {
  if (numbers.parameters < 1e-9) return "The two Gaussians are one and the same: every distance is zero.";
  return `The curves share ${share(numbers.overlap)} of their area. ${ways(numbers)} ${divergences(numbers)}`;
}

export const longest = { oldMean: -1.5, oldWidth: 0.2, newMean: 2.5, newWidth: 0.6 };

explore("distance", {
  hint:
    "In the second picture a Gaussian is a point, and all points of a thin ellipse are equally near its centre: " +
    "where Gaussians are wide, a step counts less.",
  legend: [
    ["gradient", "old one"],
    ["natural", "new one"],
    ["reference", "straight path"],
    ["third", "shortest path"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
