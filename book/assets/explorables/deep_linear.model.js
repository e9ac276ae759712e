// Steps along the layer by layer natural gradient of a network with one unit a layer, (eq-deep-linear-scalar-step),
// for the best product 1. In ngbook: networks.layerwise_natural_gradient.

export const inputs = [
  { name: "depth", label: "depth L", min: 1, max: 6, step: 1, value: 2 },
  { name: "size", label: "step size α", min: 0.1, max: 6, step: 0.1, value: 1 },
  { name: "start", label: "product at the start", min: -1.9, max: 4.1, step: 0.2, value: 2.5 },
];

export const handles = [
  {
    role: "gradient",
    picture: 0,
    way: "sideways",
    place: ({ start }) => [start, 0],
    moved: ([start]) => ({ start }),
  },
];

export const STEPS = 20;
export const FROM = -2; // of the products that are drawn
export const TO = 4.2;
const LARGEST = 1e9;
const ARRIVED = 1e-6;

const stepFrom = (w, depth, size) => w * (1 - (size / depth) * (1 - 1 / w)) ** depth;

/** The products of successive steps, until one is too large, or zero. */
function walk(start, depth, size) {
  const products = [start];
  while (products.length <= STEPS) {
    const last = products.at(-1);
    if (last === 0 || Math.abs(last) > LARGEST) break;
    products.push(stepFrom(last, depth, size));
  }
  return products;
}

/** A staircase between the products and the diagonal. */
const stairs = (products) => [
  [products[0], 0],
  ...products.slice(1).flatMap((next, k) => [
    [products[k], next],
    [next, next],
  ]),
];

export function evaluate({ depth, size, start }) {
  const products = walk(start, depth, size);
  const grid = Array.from({ length: 125 }, (_, k) => FROM + 0.05 * k).filter((w) => Math.abs(w) > 0.01);
  const errors = products.map((w) => Math.abs(w - 1));
  const factor = Math.abs(1 - size);
  return {
    products,
    errors,
    factor,
    end: errors.at(-1),
    escaped: Math.abs(products.at(-1)) > LARGEST,
    arrived: errors.at(-1) < ARRIVED,
    cycle: products.length > 4 && Math.abs(products.at(-1) - products.at(-3)) < ARRIVED && errors.at(-1) > 1e-3,
    negative: start < 0,
    map: [grid.filter((w) => w < 0), grid.filter((w) => w > 0)].map((half) =>
      half.map((w) => [w, stepFrom(w, depth, size)]),
    ),
    stairs: stairs(products),
    theory: Array.from({ length: STEPS + 1 }, (_, k) => [k, Math.abs(start - 1) * factor ** k]),
  };
}
