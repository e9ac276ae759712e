// Which letters a page shows in which face, and a place where the browser can be asked about each.

window.faces = (() => {
  const PARTS = ["::before", "::after", "::marker", "::placeholder"];
  // What is read aloud in place of a formula is not drawn.
  const UNSEEN = "script, style, template, noscript, .katex-mathml";

  /** The texts of the page, each with the style that it is set in; folded and hidden ones as well. */
  function* texts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (data.trim() && !parentElement.closest(UNSEEN)) yield [getComputedStyle(parentElement), data];
    }
    for (const element of document.querySelectorAll("body, body :not(.katex *)")) {
      if (element.matches("input, textarea")) yield [getComputedStyle(element), element.value];
      for (const part of PARTS) {
        const style = getComputedStyle(element, part);
        for (const [, text] of style.content.matchAll(/"((?:[^"\\]|\\.)*)"/g)) yield [style, text];
      }
    }
  }

  /** Lay every letter once for each style at the end of the page; the letters with their styles. */
  function lay() {
    const found = new Map();
    for (const [{ fontFamily, fontWeight, fontStyle }, text] of texts()) {
      for (const letter of new Set(text.replace(/[\s\u200b]/g, ""))) {
        const key = [letter, fontFamily, fontWeight, fontStyle].join(" | ");
        if (!found.has(key)) found.set(key, { letter, style: { fontFamily, fontWeight, fontStyle } });
      }
    }
    for (const { letter, style } of found.values()) {
      const place = document.createElement("p");
      place.className = "laid";
      place.textContent = letter;
      Object.assign(place.style, style);
      document.body.append(place);
    }
    return [...found.keys()];
  }

  const clear = () => document.querySelectorAll(".laid").forEach((each) => each.remove());

  return { clear, lay };
})();
