// The Gaussian in (μ, σ), as the entries of families.js. In ngbook: families.normal.log_prob, fisher and kl.

export const normal = {
  logDensity: ([mu, sigma], x) => -Math.log(2 * Math.PI) / 2 - Math.log(sigma) - ((x - mu) / sigma) ** 2 / 2,
  fisher: ([, sigma]) => [
    [1 / sigma ** 2, 0],
    [0, 2 / sigma ** 2],
  ],
  kl: ([mu0, sigma0], [mu, sigma]) =>
    Math.log(sigma / sigma0) + (sigma0 ** 2 + (mu0 - mu) ** 2) / (2 * sigma ** 2) - 0.5,
};
