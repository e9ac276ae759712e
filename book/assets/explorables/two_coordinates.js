import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs } from "./two_coordinates.model.js";

function draw(numbers, state, width) {
  const { old, now, heights } = numbers;
  const size = { width: ofTwo(width), height: heightOfTwo(width) };
  const [first, second] = heights.map(([from, to]) => ({ from, to }));
  const natural = axes({
    ...size,
    x: { from: -2.2, to: 2.2, label: "natural coordinate η" },
    y: { ...first, label: "log-partition function A" },
    name: "The log-partition function with its tangent at the old distribution, and the gap at the new one",
  });
  natural.line(numbers.curve, "level");
  natural.line(numbers.tangent, "tangent");
  natural.line([[now.natural, numbers.foot], [now.natural, now.potential]], "third");
  natural.marks([[old.natural, old.potential]], "gradient");
  natural.marks([[now.natural, now.potential]], "natural");
  const mean = axes({
    ...size,
    x: { from: numbers.means[0], to: numbers.means[1], label: "mean coordinate m" },
    y: { ...second, label: "conjugate A*" },
    name: "The conjugate with its tangent at the new distribution, and the gap at the old one",
  });
  mean.line(numbers.dualCurve, "level");
  mean.line(numbers.dualTangent, "tangent");
  mean.line([[old.mean, numbers.dualFoot], [old.mean, old.dual]], "third");
  mean.marks([[old.mean, old.dual]], "gradient");
  mean.marks([[now.mean, now.dual]], "natural");
  return [natural, mean];
}

export function describe({ old, now, divergence, other, words }) {
  const place = ({ natural, mean }) => `η = ${number(natural, 2)} (m = ${number(mean, 2)})`;
  const where = `${words[0].toUpperCase()}${words.slice(1)}, from ${place(old)} to ${place(now)}.`;
  if (old.natural === now.natural) return `${where} The two are equal, and both gaps are zero.`;
  const gap = `The gap on both sides is the divergence from old to new, ${number(divergence, 3)} nats`;
  if (Math.abs(divergence - other) < 1e-9 * divergence) {
    return `${where} ${gap}; that from new to old is the same.`;
  }
  const compared = other > divergence ? "larger" : "smaller";
  return `${where} ${gap}; that from new to old is ${compared}, ${number(other, 3)} nats.`;
}

export const longest = { family: "normal", old: -1.95, now: -1.05 };

explore("two-coordinates", {
  hint:
    "Over η the tangent touches at the old distribution, and the gap is read off at the new one. Over m the tangent touches " +
    "at the new distribution, and the gap is read off at the old one.",
  legend: [
    ["gradient", "old"],
    ["natural", "new"],
    ["third", "gap"],
    ["tangent", "tangent"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
