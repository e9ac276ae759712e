import { axes, explore, heightOfTwo, number, ofTwo } from "./base.js";
import { evaluate, handles, inputs } from "./ruler.model.js";

function draw(numbers, state, width) {
  const size = { width: ofTwo(width), height: heightOfTwo(width) };
  const plane = axes({
    ...size,
    x: { from: -1, to: 1, label: "mean μ" },
    y: { from: -0.4, to: 2.6, label: "standard deviation σ" },
    name: "The half plane of Gaussians, with the Fisher ellipse and the Wasserstein ball around one of them",
  });
  plane.line([[-1, 0], [1, 0]], "level");
  plane.line(numbers.ellipse, "natural");
  plane.line(numbers.ball, "gradient");
  plane.marks([[0, state.width]], "third");
  const densities = axes({
    ...size,
    x: { from: numbers.range[0], to: numbers.range[1], label: "outcome x" },
    y: { from: 0, to: 0.45 / state.width, label: "density" },
    name: "The density of the Gaussian, and those after the two steps of the mean",
  });
  densities.line(numbers.curve, "third");
  densities.line(numbers.natural.curve, "natural");
  densities.line(numbers.gradient.curve, "gradient");
  return [plane, densities];
}

export function describe({ natural, gradient, below }, { width, radius }) {
  const told = ({ step, divergence, transport }) =>
    `moves the mean by ${number(step, 3)}: divergence ${number(divergence, 3)} nats, half squared distance ${number(transport, 4)}.`;
  const end = below ? " The ball reaches below σ = 0, where there is no Gaussian." : "";
  return (
    `With σ = ${number(width, 2)} and ε = ${number(radius, 3)}, the Wasserstein step ${told(gradient)} ` +
    `The Fisher step ${told(natural)}${end}`
  );
}

export const longest = { width: 0.05, radius: 0.1 };

explore("ruler", {
  hint:
    "The ellipse and the circle are all steps of the length √(2ε) in their metrics. On the right are the densities after the two " +
    "steps to the right: the mean grows and the width stays.",
  legend: [
    ["natural", "Fisher"],
    ["gradient", "Wasserstein"],
    ["third", "old"],
  ],
  inputs,
  handles,
  longest,
  evaluate,
  draw,
  describe,
});
