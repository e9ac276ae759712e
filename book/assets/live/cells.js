// One cell: its code to edit, its outputs to replace, and what was printed, kept for the way back.

import { html } from "./dom.js";
import { failure, pictureOf, printed, value } from "./outputs.js";

/** Enter keeps the indentation; Tab stays what it is elsewhere, the way to the next control. */
function keys(area, run) {
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      event.preventDefault();
      run();
      return;
    }
    const line = area.value.slice(0, area.selectionStart).split("\n").at(-1);
    const indent = line.match(/^ */)[0] + (line.trimEnd().endsWith(":") ? "    " : "");
    if (!indent) return;
    event.preventDefault();
    document.execCommand("insertText", false, `\n${indent}`); // the only way that Undo knows of
  });
}

function editor(number, count, code, run) {
  const id = `live-code-${number}`;
  const area = html("textarea", { id, class: "live-code", spellcheck: "false", autocapitalize: "off", wrap: "off" });
  const fit = () => (area.rows = area.value.split("\n").length);
  area.value = code;
  area.addEventListener("input", fit);
  fit();
  keys(area, run);
  const label = html("label", { for: id }, html("span", { class: "visually-hidden" }, "Code of cell "));
  label.append(`${number}`, html("span", { class: "visually-hidden" }, ", to edit"));
  const button = html("button", { type: "button", class: "live-button" }, "Run");
  button.setAttribute("aria-label", `Run cell ${number}`);
  button.addEventListener("click", run);
  const state = html("span", { class: "live-state" });
  const row = html("div", { class: "live-row" }, label, button, state);
  return { area, state, node: html("div", { class: "live-editor" }, area, row) };
}

/** The place for outputs: the one that is there, or a new one where one would be. */
function outputOf(element) {
  const found = element.querySelector(".cell_output");
  if (found) return found;
  const solution = element.classList.contains("tag_hide-cell") && element.querySelector("details");
  const output = html("div", { class: "cell_output docutils container live-new" });
  (solution || element).append(output);
  return output;
}

/** A live cell. `run` is called when the reader asks for this cell alone. */
export function liveCell(element, number, count, run) {
  const input = element.querySelector(".cell_input");
  const code = input.querySelector("pre").textContent.replace(/\n$/, "");
  const { area, state, node } = editor(number, count, code, () => run(cell));
  const figure = element.querySelector(".cell_output figure img");
  const kept = figure && { src: figure.getAttribute("src"), alt: figure.alt };
  const printedIn = element.querySelectorAll(".cell_output, .ledger-lines"); // lines of checks are with the code
  const stored = [...printedIn].flatMap((each) => [...each.children]);
  const holder = figure && stored.find((child) => child.contains(figure));
  let drawn = false;
  let stream = null;

  for (const child of input.children) child.hidden = true;
  input.append(node);

  const clear = () => {
    for (const each of element.querySelectorAll(".live-output")) each.remove();
    for (const child of stored) if (child !== holder) child.hidden = true;
    figure?.classList.add("live-old");
    [drawn, stream] = [false, null];
  };
  const add = (child) => {
    stream = null;
    if (holder && !drawn) holder.before(child);
    else outputOf(element).append(child);
  };
  const draw = (address) => {
    const words = `Drawn by cell ${number} as it is now`;
    if (!figure || drawn) {
      return add(html("p", { class: "live-output" }, html("img", { src: address, alt: words, class: "live-figure" })));
    }
    figure.src = address;
    figure.alt = area.value === code ? kept.alt : `${words}; before it was edited: ${kept.alt}`;
    figure.classList.add("live-figure");
    figure.classList.remove("live-old");
    [drawn, stream] = [true, null];
  };

  const cell = {
    number,
    code: () => area.value,
    clear,
    /** Show one thing that the cell produced. */
    show(item) {
      if (item.kind === "text") {
        if (stream?.name !== item.name) {
          const box = printed(item.name);
          add(box.node);
          stream = { name: item.name, text: box.text };
        }
        stream.text.append(item.text);
      } else if (item.kind === "error") {
        const box = failure(item, number);
        add(box);
        for (let fold = box.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
      } else if (item.kind === "value") {
        const address = pictureOf(item.data);
        if (address) draw(address);
        else add(value(item.data));
      }
    },
    /** Say how it stands with the cell. */
    mark(words, kind = "") {
      state.textContent = words;
      node.dataset.state = kind;
    },
    error: () => element.querySelector(".live-error"),
    /** The cell as it was printed. */
    restore() {
      clear();
      node.remove();
      element.querySelector(".live-new")?.remove();
      for (const child of [...input.children, ...stored]) child.hidden = false;
      if (figure) {
        Object.assign(figure, kept);
        figure.classList.remove("live-figure", "live-old");
      }
    },
  };
  return cell;
}
