// The bar of a live page: what its button does, and what it says meanwhile.

import { html } from "./dom.js";
import { liveCell } from "./cells.js";
import { addresses, loadScript, startPython } from "./python.js";
import { differences, readVersions } from "./versions.js";

const bar = document.querySelector(".live-bar");
const status = bar.querySelector(".live-status");
const mainButton = bar.querySelector(".live-start");
const button = (words, action) => {
  const node = html("button", { type: "button", class: "live-button" }, words);
  node.addEventListener("click", action);
  return node;
};
const restoreButton = button("Restore the printed page", restore);
const numbers = [...document.querySelectorAll(".pasted-text")].map((node) => [node, node.textContent]);

let cells = [];
let python = null;
let loading = null; // an AbortController while Python is being loaded
let queue = [];
let current = null; // the cell that runs
let versions = ""; // in what they differ from those that wrote the outputs, as a sentence with a blank before it
let delayed = 0;

// --- what it says --------------------------------------------------------------------------------

/** Tell the reader; what is over in a moment (`soon`) is not worth a sentence. */
function say(words, { soon = false, more = [] } = {}) {
  clearTimeout(delayed);
  const write = () => status.replaceChildren(words, ...more);
  if (soon) delayed = setTimeout(write, 600);
  else write();
}

const seconds = (since) => {
  const value = (performance.now() - since) / 1000;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
};

const busy = () => Boolean(loading || current);

function showButton() {
  mainButton.textContent = busy() ? "Stop" : "Run this page";
}

// --- Python --------------------------------------------------------------------------------------

async function load() {
  loading = new AbortController();
  showButton();
  try {
    if (!window.katex) await loadScript("katex.min.js");
    python = await startPython({
      compiled: bar.dataset.compiled.split(" ").filter(Boolean),
      packed: bar.dataset.packed.split(" "),
      signal: loading.signal,
      progress: say,
      output: (item) => (item.kind === "glue" ? paste(item) : current?.show(item)),
    });
    versions = differences(readVersions(bar, python.versions)).replace(/^(?=.)/, " ");
    return python.missing;
  } catch (error) {
    if (loading.signal.aborted) say("Stopped, before Python was there. Nothing on the page has changed.");
    else {
      const from = new URL(addresses().core).host;
      say(
        `Python could not be loaded from ${from}. Is there a network? The page is as it was, and can be read without; ` +
          `press the button to try again. (${error.message})`,
      );
    }
    return null;
  } finally {
    loading = null;
    showButton();
  }
}

/** Put a number of the run into the prose. */
function paste({ name, text }) {
  for (const [node] of numbers) if (node.classList.contains(`glue-${name}`)) node.textContent = text;
}

// --- running -------------------------------------------------------------------------------------

function makeCells() {
  const elements = [...document.querySelectorAll(".bd-article div.cell")].filter((e) => e.querySelector(".cell_input pre"));
  cells = elements.map((element, k) => liveCell(element, k + 1, elements.length, runOne));
  bar.classList.add("live-active");
  bar.querySelector(".live-about").append(restoreButton);
}

/** Run cells in order, and stop at the first that fails; in `fresh` variables, or with those that are there. */
async function run(wanted, fresh = false) {
  queue.push(...wanted);
  for (const cell of wanted) cell.mark("waiting", "waiting");
  if (busy()) return;
  const before = performance.now();
  let [count, outcome] = [0, "ok"];
  const last = queue.at(-1);
  while (queue.length && outcome === "ok") {
    current = queue.shift();
    showButton();
    say(`Running cell ${current.number} of ${cells.length} …`, { soon: count > 0 });
    const since = performance.now();
    current.mark("running …", "running");
    current.clear();
    outcome = await python.run(current.number, current.code(), fresh && count === 0).catch((error) => error);
    if (outcome === "ok") current.mark(`ran in ${seconds(since)}`, "ran");
    count += 1;
  }
  const failed = current;
  current = null;
  for (const cell of queue) cell.mark("not run");
  const unrun = queue.length ? " The cells after it were not run." : "";
  queue = [];
  if (outcome === "ok") {
    const what = count === 1 ? `Cell ${last.number} ran` : `${count} cells ran`;
    const others = count === 1 ? "" : versions;
    say(`${what}, in ${seconds(before)}.${others} Edit a cell and press Shift+Enter, or its button, to run it again.`);
  } else if (outcome === "error") {
    failed.mark("stopped by an error", "error");
    const more = [button("Go to the error", () => failed.error()?.focus())];
    if (unrun) more.push(button("Run the cells after it", () => run(cells.slice(failed.number))));
    say(`Cell ${failed.number} of ${cells.length} was stopped by an error.${unrun}${versions} `, { more });
  } else {
    failed.mark("stopped; not finished", "error");
    python = null;
    const why = outcome === "stopped" ? "Stopped." : `Python broke down (${outcome.message}).`;
    say(`${why} Its variables are gone: the next run starts from the top.`);
  }
  showButton();
}

async function ensurePython() {
  const missing = python ? [] : await load();
  if (missing === null) return false;
  if (!cells.length) makeCells(); // at the first run, and after a Restore
  if (missing.length) {
    say(`${missing.join(", ")} could not be loaded: the cells that need it will fail. The others run.`);
    await new Promise((resolve) => setTimeout(resolve, 2500)); // time to read it
  }
  return true;
}

async function runAll() {
  if (!busy() && (await ensurePython())) await run(cells, true);
}

/** One cell; without its variables, all cells up to it. */
async function runOne(cell) {
  if (loading) return;
  const fresh = !python;
  if (await ensurePython()) await run(fresh ? cells.slice(0, cell.number) : [cell]);
}

function stop() {
  loading?.abort();
  if (current) python.end();
}

/** The page as it is printed. Python stays for the next run, unless it has something to do. */
function restore() {
  loading?.abort();
  if (current) python.end();
  setTimeout(() => {
    for (const cell of cells) cell.restore();
    for (const [node, text] of numbers) node.textContent = text;
    cells = [];
    bar.classList.remove("live-active");
    restoreButton.remove();
    mainButton.focus();
    say("");
    showButton();
  });
}

// The second click of a double one is not meant to stop what the first has begun.
mainButton.addEventListener("click", ({ detail }) => detail > 1 || (busy() ? stop() : runAll()));
runAll();
