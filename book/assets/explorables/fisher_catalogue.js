import { axes, explore, heightOfTwo, matrix, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs } from "./fisher_catalogue.model.js";

/** With `digits` significant digits. */
function significant(value, digits = 2) {
  if (value === 0) return "0";
  return number(value, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value)))));
}

const axisOf = ({ drawn: [from, to], words, symbol }) => ({ from, to, label: `${words} ${symbol}` });

/** The density, or the probabilities, and those of the neighbours. */
function outcomesPicture({ outcomes, logDensity, neighbourLogDensities, entry }, size) {
  const curve = (logs) => outcomes.map((x, k) => [x, Math.exp(logs[k])]);
  const own = curve(logDensity);
  const highest = Math.max(...own.map(([, density]) => density));
  let top = entry.top;
  while (top < highest && top < 8 * entry.top) top *= 2;
  const [from, to] = entry.outcomes;
  const margin = entry.whole ? 0.6 : 0;
  const picture = axes({
    ...size,
    x: { from: from - margin, to: to + margin, label: "outcome", whole: entry.whole },
    y: { from: 0, to: 1.05 * top, label: entry.whole ? "probability" : "density" },
    name: `${entry.whole ? "Probabilities" : "Density"} at the chosen parameters and at those on the boundary`,
  });
  if (entry.whole) {
    for (const [k, probability] of own) picture.line([[k, 0], [k, probability]], "natural");
    for (const logs of neighbourLogDensities) picture.marks(curve(logs), "third");
    picture.marks(own, "natural");
  } else {
    for (const logs of neighbourLogDensities) picture.line(curve(logs), "third thin");
    picture.line(own, "natural");
  }
  return picture;
}

/** The boundary in the plane of two parameters, among nine others. */
function ellipsePicture({ theta, rim, neighbours, ellipses, entry }, size) {
  const [x, y] = entry.parameters.map(axisOf);
  const picture = axes({ ...size, x, y, name: "The ellipse of equal divergence in the plane of the parameters" });
  for (const each of ellipses) picture.line(each, "level");
  picture.line(rim, "natural");
  picture.marks(neighbours, "third");
  picture.marks([theta], "natural");
  return picture;
}

/** The region of one parameter is an interval; it is drawn at the height of the Fisher information. */
function intervalPicture({ theta, fisher, rim, neighbours, information, entry }, size) {
  const values = information.map(([, value]) => value);
  const picture = axes({
    ...size,
    x: axisOf(entry.parameters[0]),
    y: { from: Math.min(...values) / 2, to: 2 * Math.max(...values), log: true, label: "Fisher information" },
    name: "The Fisher information and the interval of equal divergence",
  });
  const height = fisher[0][0];
  picture.line(information, "level");
  picture.line(rim.map(([value]) => [value, height]), "natural");
  picture.marks(neighbours.map(([value]) => [value, height]), "third");
  picture.marks([[theta[0], height]], "natural");
  return picture;
}

function draw(numbers, state, width) {
  const { fisher, entry } = numbers;
  const size = { width: ofTwo(width), height: heightOfTwo(width) };
  const names = entry.parameters.map(({ symbol }) => symbol);
  const rows = fisher.map((row) => row.map((value) => significant(value, 3)));
  const second = names.length === 1 ? intervalPicture : ellipsePicture;
  return [outcomesPicture(numbers, size), second(numbers, size), matrix("Fisher matrix", names, rows)];
}

// --- in words ------------------------------------------------------------------------------------

function shape({ fisher, alone, together, entry }) {
  const [first, second] = entry.parameters.map(({ symbol }) => symbol);
  const [a, b] = alone.map((value) => significant(value));
  if (!second) return `The interval reaches ${a} to each side of ${first}.`;
  if (fisher[0][1] === 0) {
    return `The ellipse stands upright: it reaches ${a} in ${first} and ${b} in ${second}.`;
  }
  // All matrices of the catalogue have a zero or a negative number there.
  return (
    `The ellipse is tilted: more ${second} undoes a part of more ${first}. Alone, ${first} reaches ${a}; ` +
    `if ${second} follows, ${significant(together[0])}.`
  );
}

function truth({ divergences, neighbours, rim }) {
  if (rim.length === 2 && neighbours.length < 2) {
    return "One end is outside the parameter space: the matrix speaks of small steps only.";
  }
  const [least, most] = [Math.min(...divergences), Math.max(...divergences)].map((value) => significant(value, 3));
  return `True divergences on the boundary: ${least} to ${most} nats.`;
}

/** Whether the first picture shows less than half of what can come out. */
function elsewhere({ outcomes, logDensity }) {
  const shown = (outcomes[1] - outcomes[0]) * logDensity.reduce((sum, log) => sum + Math.exp(log), 0);
  return shown < 0.5 ? " Most outcomes are beyond the first picture." : "";
}

export function describe(numbers) {
  const { theta, entry } = numbers;
  const { parameters, words } = entry;
  const digits = ({ step }) => (String(step).split(".")[1] ?? "").length;
  const place = parameters.map((each, k) => `${each.symbol} = ${number(theta[k], digits(each))}`).join(", ");
  return `${words.split(":")[0]}, ${place}. ${shape(numbers)} ${truth(numbers)}${elsewhere(numbers)}`;
}

export const longest = { family: "weibull", "weibull-k": 0.3, "weibull-λ": 6.2, radius: 0.02 };

explore("fisher-catalogue", {
  hint:
    "The first picture shows what can come out, the second the parameters and the trust region whose boundary the Fisher matrix puts at " +
    "ε nats. Each triangle on it is a neighbour in the first picture. Thin grey lines: the boundary, or the Fisher " +
    "information, elsewhere.",
  legend: [
    ["natural", "chosen parameters, their trust region"],
    ["third", "neighbours on its boundary"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
