import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs, TOP } from "./score.model.js";

/** The score times the density, with strokes for its two areas; or the two pulls of a coin. */
function pullsOf({ outcomes, pulls, whole }, size) {
  const highest = 1.15 * Math.max(...pulls.map(Math.abs));
  const margin = whole ? 0.6 : 0;
  const picture = axes({
    ...size,
    x: { from: outcomes[0] - margin, to: outcomes.at(-1) + margin, label: "outcome x", whole },
    y: { from: -highest, to: highest, label: `score × ${whole ? "probability" : "density"}` },
    name: "The score times the density: pulls to a larger and to a smaller parameter",
  });
  picture.line([[outcomes[0] - margin, 0], [outcomes.at(-1) + margin, 0]], "level");
  const points = outcomes.map((x, k) => [x, pulls[k]]);
  for (const [k, [x, pull]] of points.entries()) {
    const role = pull > 0 ? "natural" : "gradient";
    if (whole) {
      picture.line([[x, 0], [x, pull]], role);
      picture.marks([[x, pull]], role);
    } else if (k % 3 === 1 && pull !== 0) picture.line([[x, 0], [x, pull]], `${role} thin`);
  }
  if (!whole) picture.line(points, "tangent");
  return picture;
}

/** The divergence from the old parameter, and the parabola. */
function costsOf({ curve, parabola, divergence, quadratic, symbol }, { old, now }, size) {
  const picture = axes({
    ...size,
    x: { from: 0, to: 1, label: `new parameter ${symbol}` },
    y: { from: 0, to: 1.05 * TOP, label: "nats" },
    name: "The divergence from the old parameter to the new one, and its parabola",
  });
  picture.line(parabola, "fourth");
  if (divergence === null || curve[0][0] === old) picture.line([[old, 0], [old, 1.05 * TOP]], "third");
  picture.line(curve, "third");
  picture.marks([[now, Math.min(quadratic, TOP)]], "fourth");
  picture.marks([[now, Math.min(divergence ?? TOP, TOP)]], "third");
  return picture;
}

function draw(numbers, state, width) {
  const size = { width: ofTwo(width), height: heightOfTwo(width) };
  return [pullsOf(numbers, size), costsOf(numbers, state, size)];
}

const decimals = (value) => number(value, value < 0.1 ? 4 : value < 10 ? 3 : 1);

function balance({ up, down, information, symbol }, { old }) {
  const at = `At ${symbol} = ${number(old, 2)}`;
  const mean = decimals(information);
  if (up === 0) {
    return `${at} all pulls go down, with ${decimals(down)} together, and none up: the mean score is not zero. Its mean square is ${mean}.`;
  }
  return `${at} the pulls up and down are ${decimals(up)} each: the mean score is zero. Its mean square F is ${mean}.`;
}

function cost({ divergence, quadratic, symbol }, { old, now }) {
  if (now === old) return "The two parameters are equal, and the divergence is zero.";
  const step = `The step to ${symbol} = ${number(now, 2)}`;
  if (divergence === null) {
    return `${step} rules out outcomes of the old distribution: the divergence is infinite, and the parabola says ${decimals(quadratic)} nats.`;
  }
  const exact = Math.abs(divergence / quadratic - 1) < 1e-9 ? "exactly" : "";
  const costs = `${step} costs ${decimals(divergence)} nats`;
  return exact ? `${costs}, exactly what the parabola says.` : `${costs}; the parabola says ${decimals(quadratic)}.`;
}

export const describe = (numbers, state) => `${balance(numbers, state)} ${cost(numbers, state)}`;

export const longest = { family: "uniform", old: 0.9, now: 0.85 };

explore("score", {
  hint:
    "The first picture shows the score at the old parameter, weighted with the density; its strokes fill the two areas. " +
    "The second picture shows what a step costs. The parabola is half the mean square of the score, times the step squared.",
  legend: [
    ["natural", "pull to a larger parameter"],
    ["gradient", "pull to a smaller one"],
    ["third", "divergence"],
    ["fourth", "parabola"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
