// The versions that run, beside those that wrote the stored outputs.

const EFFECTS = {
  matplotlib: "the look of figures",
  sympy: "the form of formulas",
  gymnasium: "what happens in a task",
};

const listed = (words) => words.join(", ").replace(/, ([^,]*)$/, " and $1");

/**
 * A sentence about the packages of which another version runs than the one that wrote the outputs, and what that means;
 * none if all agree. `packages` are { name, title, wrote, runs }; one that does not run has no `runs`.
 */
export function differences(packages) {
  const other = packages.filter(({ wrote, runs }) => runs && runs !== wrote);
  if (!other.length) return "";
  const here = listed(other.map(({ title, runs }) => `${title} ${runs}`));
  const effects = [...new Set(other.map(({ name }) => EFFECTS[name] ?? "the last digits of numbers"))];
  const printed = listed(other.map(({ title, wrote }) => `${title} ${wrote}`));
  return `${here} ran here, and ${printed} for the printed outputs: ${listed(effects)} may differ.`;
}

/** Write what is `found` to run, { name: version }, into the table of versions, and read it. */
export function readVersions(bar, found) {
  return [...bar.querySelectorAll("[data-package]")].map((row) => {
    const { package: name } = row.dataset;
    const [wrote, runs] = row.querySelectorAll("td");
    runs.textContent = found[name] ?? "none";
    row.classList.toggle("live-other", runs.textContent !== wrote.textContent);
    return { name, title: row.querySelector("th").textContent, wrote: wrote.textContent, runs: found[name] };
  });
}
