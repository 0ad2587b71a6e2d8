/* Suggests names in the fields of filters that take one. Without this script, users type the whole name. */
"use strict";

(() => {
  const PAUSE = 250; // milliseconds without a key before names are requested
  const LEAST = 2; // letters

  for (const field of document.querySelectorAll("input[data-names]")) {
    const list = document.getElementById(field.getAttribute("list"));
    let asked = "";
    let complete = false; // whether the list has all names that begin with `asked`
    let timer = 0;

    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(suggest, PAUSE);
    });

    field.form.addEventListener("submit", () => clearTimeout(timer));

    async function suggest() {
      const typed = field.value.trim();
      const isAnswered = asked && typed.toLowerCase().startsWith(asked.toLowerCase()) && complete;
      if (typed.length < LEAST || typed === asked || isAnswered) return;
      asked = typed;
      const answer = await fetch(`${field.dataset.names}?${new URLSearchParams({ q: typed })}`).catch(() => null);
      if (!answer || !answer.ok || answer.redirected || asked !== typed) return;
      const { names, has_more: hasMore } = await answer.json();
      complete = !hasMore;
      list.replaceChildren(...names.map((name) => {
        const option = document.createElement("option");
        option.value = name;
        return option;
      }));
    }
  }
})();
