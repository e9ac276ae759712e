// How search results are ranked; Sphinx puts this into its language_data.js.

// A page that was opened as a file may not read the other pages to quote them: it lists their titles.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// An excerpt is of the text, not of the buttons above it.
addEventListener("DOMContentLoaded", () => {
  const text = Search.htmlToText;
  const article = (page) => page.replace(/<main[^>]*>[^]*?(?=<article)/, '<main role="main">');
  Search.htmlToText = (page, anchor) => text(article(page), anchor);
});

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,

  // A chapter gains by each of its headings that has the query in it, or a word of it; what the query leads to in
  // the reference is behind the chapter that explains it, and before chapters that only mention it.
  score: ([docname, , , , score]) => {
    if (docname.startsWith("reference/")) return Math.min(score, docname === "reference/glossary" ? 15 : 12);
    if (!docname.includes("/")) return Math.min(score, 12);
    const query = (new URLSearchParams(location.search).get("q") ?? "").toLowerCase().trim();
    const words = splitQuery(query).filter((word) => word.length > 2);
    const page = Search._index.docnames.indexOf(docname);
    const title = Search._index.titles[page].replace(/<span.*?<\/span>/, "").toLowerCase(); // less its number
    const headings = Object.entries(Search._index.alltitles)
      .filter(([, places]) => places.some(([place]) => place === page))
      .map(([heading]) => heading.toLowerCase());
    const whole = headings.filter((heading) => heading.includes(query)).length;
    const part = headings.filter((heading) => words.some((word) => heading.includes(word))).length;
    const named = title.startsWith(query) ? 25 : title.includes(query) ? 20 : 0;
    return score + named + 4 * Math.min(whole, 3) + Math.min(part, 4);
  },
};
