// What the search puts first: titles that have the words asked for, and pages that explain before pages that list.
"use strict";
var Scorer = {
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
  score: ([page, title, , , score]) => {
    const asked = (new URLSearchParams(window.location.search).get("q") || "").toLowerCase().match(/[\w.]+/g) || [];
    const words = title.toLowerCase().match(/[\w.]+/g) || [];
    const found = asked.filter((word) =>
      words.some((w) => w === word || w.replace(/s$/, "") === word.replace(/s$/, "")));
    const lists = /^(changes|benchmarks|contents|api|genindex|ops|engine|conduct)$/.test(page) ? -3 : 0;
    const kept = /^(zoo|api)\//.test(page) ? -2 : 0;
    return score + lists + kept + (10 * found.length) / Math.max(asked.length, 1);
  },
};
