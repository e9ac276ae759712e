// What a cell produced, as elements of the page: printed text, a value, an error.

import { html } from "./dom.js";

const picture = (svg) => URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));

const ALLOWED = new Set(
  ("TABLE CAPTION THEAD TBODY TR TH TD P DIV SPAN EM STRONG B I CODE PRE BLOCKQUOTE UL OL LI DL DT DD BR HR " +
    "SUB SUP H2 H3 H4 H5 H6").split(" "),
);
const ATTRIBUTES = new Set(["class", "colspan", "rowspan", "scope"]);

/** Keep the structure of some HTML and nothing that could run, load or cover anything. */
function cleaned(parent) {
  for (const child of [...parent.children]) {
    if (ALLOWED.has(child.tagName)) {
      for (const { name } of [...child.attributes]) if (!ATTRIBUTES.has(name)) child.removeAttribute(name);
      cleaned(child);
    } else if (["SCRIPT", "STYLE", "TEMPLATE"].includes(child.tagName)) child.remove();
    else child.replaceWith(child.textContent);
  }
  return parent;
}

function formula(tex, displayMode) {
  const node = html(displayMode ? "div" : "span", { class: "math notranslate nohighlight" });
  window.katex.render(tex.trim().replace(/^\$+|\$+$/g, ""), node, { displayMode, throwOnError: false });
  return node;
}

function fromHtml(text) {
  const { body } = new DOMParser().parseFromString(text, "text/html");
  const node = html("div", { class: "output text_html live-output" }, ...cleaned(body).childNodes);
  for (const math of node.querySelectorAll(".math")) {
    math.replaceWith(formula(math.textContent, math.tagName === "DIV" || math.classList.contains("block")));
  }
  for (const table of node.querySelectorAll("table")) table.classList.add("table");
  return node;
}

/** Printed text, in a box to which more can be added. */
export function printed(name) {
  const text = html("pre", { class: "live-text" });
  const box = html("div", { class: "highlight" }, text);
  return { text, node: html("div", { class: `output live-output ${name === "stderr" ? "stderr" : "stream"}` }, box) };
}

/** The address of the picture that a value is, or null. */
export const pictureOf = (data) => (data["image/svg+xml"] ? picture(data["image/svg+xml"]) : null);

/** A value in the best form that the page can show. */
export function value(data) {
  if (data["text/html"]) return fromHtml(data["text/html"]);
  if (data["text/latex"]) {
    return html("div", { class: "output text_latex live-output" }, formula(data["text/latex"], true));
  }
  const { text, node } = printed("plain");
  text.textContent = data["text/plain"];
  return node;
}

/** An error: its last line first, as a reader wants it, and the whole way to it below. */
export function failure({ name, message, trace }, number) {
  const title = html("p", { class: "live-error-title" }, html("strong", {}, name), message ? `: ${message}` : "");
  const attributes = { class: "live-error live-output", role: "group", tabindex: "0" };
  attributes["aria-label"] = `Error in cell ${number}`;
  return html("div", attributes, title, html("pre", {}, trace.trimEnd()));
}
