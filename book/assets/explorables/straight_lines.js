import { axes, explore, html, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs, REACH } from "./straight_lines.model.js";

const HALF = 3.5; // of the range of the means
const TOP = 4; // of that of the standard deviations
const ROLES = { shortest: "natural", logs: "gradient", moments: "third", quantiles: "fourth" };
const NAMES = { shortest: "Fisher–Rao", logs: "e", moments: "m", quantiles: "Wasserstein" };

function draw({ ends, lines, mixture, distance, jeffreys }, state, width) {
  const side = ofTwo(width);
  const height = Math.round(((side - 68) * TOP) / (2 * HALF)) + 48; // so that μ and σ have the same scale
  const plane = axes({
    width: side,
    height,
    x: { from: -HALF, to: HALF, label: "mean μ" },
    y: { from: 0, to: TOP, label: "deviation σ" },
    name: "The two Gaussians as points, with four straight lines between them and their middles",
  });
  const highest = Math.max(...Object.values(lines).flatMap(({ curve }) => curve.map(([, value]) => value)));
  const bells = axes({
    width: side,
    height: side < width ? height : 165,
    x: { from: -REACH, to: REACH, label: "x" },
    y: { from: 0, to: 1.08 * highest, label: "density" },
    name: "The densities of the four middles, and the mixture of both ends",
  });
  bells.line(mixture, "level thin");
  for (const [name, { line, middle, curve }] of Object.entries(lines)) {
    plane.line(line, ROLES[name]);
    plane.marks([middle], ROLES[name]);
    bells.line(curve, ROLES[name]);
  }
  const rows = Object.keys(lines).map((name) => [`${NAMES[name]}: length`, number(lines[name].length, 2)]);
  rows.push(["√ of Jeffreys", number(jeffreys, 2)]);
  const items = rows.map(([term, value]) => html("div", {}, html("dt", {}, term), html("dd", {}, value)));
  return [plane, bells, html("dl", { class: "explorable-readings" }, ...items)];
}

export function describe({ ends, lines, distance }) {
  const [[, first], [, second]] = ends;
  if (distance < 1e-9) return "The two Gaussians are one and the same, and there is nothing to draw a line through.";
  const widths = ["logs", "shortest", "quantiles", "moments"].map((name) => [lines[name].middle[1], NAMES[name]]);
  widths.sort(([a], [b]) => a - b);
  const list = widths.map(([value, name]) => `${name} ${number(value, 2)}`);
  const [shortest, quantiles] = [lines.shortest.middle[1], lines.quantiles.middle[1]];
  const which = Math.abs(shortest - quantiles) < 0.005 ? "about as wide as" : shortest > quantiles ? "wider than" : "narrower than";
  const same = first === second ? " Both ends are equally wide, so the e-geodesic keeps that width." : "";
  return (
    `Deviations of the middles, from narrow to wide: ${list.join(", ")}. ` +
    `The middle of the shortest line is ${which} that of the Wasserstein line.${same}`
  );
}

export const longest = { oldMean: -3, oldWidth: 0.2, newMean: 3, newWidth: 0.2 };

explore("straight-lines", {
  hint:
    "On the left each Gaussian is a point; on the right are the densities of the four middles, and the mixture of the two ends. " +
    "Lengths are measured in the Fisher metric.",
  legend: [
    ["natural", "Fisher–Rao"],
    ["gradient", "e: log-densities"],
    ["third", "m: moments"],
    ["fourth", "Wasserstein: quantiles"],
    ["level thin", "mixture"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
