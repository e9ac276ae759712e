// Distributions, each with `logDensity(theta, x)`, `fisher(theta)` and `kl(old, new)`. In ngbook:
// families.<name>.log_prob, fisher and kl. The Gamma in shape and mean is families.gamma carried to another chart.

import { normal } from "./normal.js";
import { digamma, logGamma, trigamma } from "./special.js";

const EULER = 0.5772156649015329;
const { exp, log, PI } = Math;
const gammaOf = (x) => exp(logGamma(x));
const logBeta = (a, b) => logGamma(a) + logGamma(b) - logGamma(a + b);
const sigmoid = (eta) => 1 / (1 + exp(-eta));

export const gamma = {
  logDensity: ([a, b], x) => a * log(b) - logGamma(a) + (a - 1) * log(x) - b * x,
  fisher: ([a, b]) => [
    [trigamma(a), -1 / b],
    [-1 / b, a / b ** 2],
  ],
  kl: ([a0, b0], [a, b]) =>
    (a0 - a) * digamma(a0) - logGamma(a0) + logGamma(a) + a * log(b0 / b) + a0 * (b / b0 - 1),
};

const rateOf = ([a, m]) => [a, a / m];
export const gammaMean = {
  logDensity: (theta, x) => gamma.logDensity(rateOf(theta), x),
  fisher: ([a, m]) => [
    [trigamma(a) - 1 / a, 0],
    [0, a / m ** 2],
  ],
  kl: (old, now) => gamma.kl(rateOf(old), rateOf(now)),
};

const sigmaOf = ([mu, ell]) => [mu, exp(ell)];
export const normalLogSigma = {
  logDensity: (theta, x) => normal.logDensity(sigmaOf(theta), x),
  fisher: ([, ell]) => [
    [exp(-2 * ell), 0],
    [0, 2],
  ],
  kl: (old, now) => normal.kl(sigmaOf(old), sigmaOf(now)),
};

export const beta = {
  logDensity: ([a, b], x) => (a - 1) * log(x) + (b - 1) * log(1 - x) - logBeta(a, b),
  fisher: ([a, b]) => {
    const both = trigamma(a + b);
    return [
      [trigamma(a) - both, -both],
      [-both, trigamma(b) - both],
    ];
  },
  kl: ([a0, b0], [a, b]) =>
    logBeta(a, b) -
    logBeta(a0, b0) +
    (a0 - a) * digamma(a0) +
    (b0 - b) * digamma(b0) +
    (a - a0 + b - b0) * digamma(a0 + b0),
};

export const weibull = {
  logDensity: ([k, scale], x) => log(k / scale) + (k - 1) * log(x / scale) - (x / scale) ** k,
  fisher: ([k, scale]) => {
    const mixed = (EULER - 1) / scale;
    return [
      [(PI ** 2 / 6 + (1 - EULER) ** 2) / k ** 2, mixed],
      [mixed, (k / scale) ** 2],
    ];
  },
  kl: ([k0, scale0], [k, scale]) =>
    log(k0 / k) +
    k * log(scale / scale0) -
    ((k0 - k) * EULER) / k0 +
    (scale0 / scale) ** k * gammaOf(1 + k / k0) -
    1,
};

export const gumbel = {
  logDensity: ([mu, b], x) => -log(b) - (x - mu) / b - exp(-(x - mu) / b),
  fisher: ([, b]) => [
    [1 / b ** 2, (EULER - 1) / b ** 2],
    [(EULER - 1) / b ** 2, (PI ** 2 / 6 + (1 - EULER) ** 2) / b ** 2],
  ],
  kl: ([mu0, b0], [mu, b]) =>
    log(b / b0) + (mu0 - mu) / b + EULER * (b0 / b - 1) + exp((mu - mu0) / b) * gammaOf(1 + b0 / b) - 1,
};

export const laplace = {
  logDensity: ([mu, b], x) => -log(2 * b) - Math.abs(x - mu) / b,
  fisher: ([, b]) => [
    [1 / b ** 2, 0],
    [0, 1 / b ** 2],
  ],
  kl: ([mu0, b0], [mu, b]) => {
    const distance = Math.abs(mu - mu0);
    return log(b / b0) + (distance + b0 * exp(-distance / b0)) / b - 1;
  },
};

export const logistic = {
  logDensity: ([mu, scale], x) => {
    const z = Math.abs(x - mu) / scale;
    return -z - log(scale) - 2 * Math.log1p(exp(-z));
  },
  fisher: ([, scale]) => [
    [1 / (3 * scale ** 2), 0],
    [0, (3 + PI ** 2) / (9 * scale ** 2)],
  ],
  /** No closed form: the trapezoidal rule, which converges exponentially here. */
  kl: (old, now) => {
    let total = 0;
    for (let t = -45; t <= 45; t += 0.25) {
      const x = old[0] + old[1] * t;
      const here = logistic.logDensity(old, x);
      total += exp(here) * (here - logistic.logDensity(now, x));
    }
    return 0.25 * old[1] * total;
  },
};

export const bernoulli = {
  logDensity: ([p], k) => log(k ? p : 1 - p),
  fisher: ([p]) => [[1 / (p * (1 - p))]],
  kl: ([p0], [p]) => p0 * log(p0 / p) + (1 - p0) * log((1 - p0) / (1 - p)),
};

export const bernoulliLogit = {
  logDensity: ([eta], k) => bernoulli.logDensity([sigmoid(eta)], k),
  fisher: ([eta]) => [[sigmoid(eta) * sigmoid(-eta)]],
  kl: ([eta0], [eta]) => bernoulli.kl([sigmoid(eta0)], [sigmoid(eta)]),
};

export const geometric = {
  logDensity: ([p], k) => log(p) + (k - 1) * log(1 - p),
  fisher: ([p]) => [[1 / (p ** 2 * (1 - p))]],
  kl: ([p0], [p]) => log(p0 / p) + (1 / p0 - 1) * log((1 - p0) / (1 - p)),
};

export const poisson = {
  logDensity: ([rate], k) => k * log(rate) - rate - logGamma(k + 1),
  fisher: ([rate]) => [[1 / rate]],
  kl: ([old], [now]) => old * log(old / now) + now - old,
};

export const exponential = {
  logDensity: ([rate], x) => log(rate) - rate * x,
  fisher: ([rate]) => [[1 / rate ** 2]],
  kl: ([old], [now]) => log(old / now) + now / old - 1,
};
