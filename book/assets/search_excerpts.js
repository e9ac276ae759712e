// A formula is on its page twice, for the eye and for the ear; an excerpt of the page, under a result of the search,
// needs it once. The parts for the eye come in the order of drawing, so the other ones are read, without their TeX.
document.addEventListener("DOMContentLoaded", () => {
  const excerptOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(".katex-html, annotation").forEach((part) => part.remove());
    return excerptOf(page.documentElement.outerHTML, anchor);
  };
});
