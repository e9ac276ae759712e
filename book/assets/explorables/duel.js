import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, FROM, handles, inputs, SHARE, TO } from "./duel.model.js";

const [NEAREST, FARTHEST] = [1e-3, 2];
const [NARROWEST, WIDEST] = [1e-5, 20];
const within = (points, least) => points.map(([t, value]) => [t, Math.max(least, value)]);

function distances({ fisher, wasserstein, when }, width, height) {
  const picture = axes({
    width,
    height,
    x: { from: FROM, to: TO, label: "time", log: true },
    y: { from: NEAREST, to: FARTHEST, label: "distance that is left", log: true },
    name: "The share of the distance to the best action that is left, over time, for two flows",
  });
  picture.line([[FROM, SHARE], [TO, SHARE]], "level");
  picture.line(within(wasserstein, NEAREST / 10), "gradient");
  picture.line(within(fisher, NEAREST / 10), "natural");
  picture.marks([[when.wasserstein, SHARE]], "gradient");
  picture.marks([[Math.min(TO, when.fisher), SHARE]], "natural");
  return picture;
}

function widths({ fisherWidths, wassersteinWidths, variance }, width, height) {
  const picture = axes({
    width,
    height,
    x: { from: FROM, to: TO, label: "time", log: true },
    y: { from: NARROWEST, to: WIDEST, label: "standard deviation", log: true },
    name: "The standard deviation of the policy over time, for two flows",
  });
  picture.line(within(wassersteinWidths, NARROWEST / 10), "gradient");
  picture.line(within(fisherWidths, NARROWEST / 10), "natural");
  picture.marks([[FROM, Math.sqrt(variance)]], "third");
  return picture;
}

function draw(numbers, state, width) {
  const [side, height] = [ofTwo(width), heightOfTwo(width)];
  return [distances(numbers, side, height), widths(numbers, side, height)];
}

const rounded = (time) => {
  if (time < 1000) return number(time, 1);
  const power = Math.floor(Math.log10(time));
  return String(Math.round(time / 10 ** (power - 1)) * 10 ** (power - 1)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
};

export function describe({ when, ratio }, { spread, temperature }) {
  const start = `Start with the standard deviation ${Number((10 ** spread).toPrecision(2))} at the temperature ${number(temperature, 2)}.`;
  const both = `Until a hundredth of the distance is left the Fisher flow takes ${rounded(when.fisher)}, the Wasserstein flow ${rounded(when.wasserstein)}`;
  if (Math.abs(ratio - 1) < 0.02) return `${start} ${both}: nearly the same.`;
  const times = ratio > 1 ? ratio : 1 / ratio;
  const compared = ratio > 1 ? "The Wasserstein flow" : "The Fisher flow";
  return `${start} ${both}. ${compared} is ${rounded(times)} times as fast.`;
}

export const longest = { spread: -3, temperature: 0 };

explore("duel", {
  hint:
    "The first picture has the distance to the best action, as a share of the first one; the grey line is a hundredth. The second has the " +
    "standard deviations, which both tend to the root of the temperature.",
  legend: [
    ["natural", "Fisher flow"],
    ["gradient", "Wasserstein flow"],
    ["third", "start"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
