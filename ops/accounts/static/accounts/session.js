/* Warns before the session ends, and offers to extend it. Asking how long it lasts does not count as activity; one
   request extends it. Without this script there is no warning, but forms that are sent too late are kept anyway. */
"use strict";

(() => {
  const { address, sayLabel, sayStay, sayClose } = document.currentScript.dataset;
  const FIRST = 20, AGAIN = 60, SOON = 30; // seconds
  let timer = 0, askedAt = 0, dismissed = "", before = null;

  const notice = document.createElement("section");
  notice.className = "page-notice session";
  notice.setAttribute("aria-label", sayLabel);
  notice.hidden = true;
  const sentence = document.createElement("p");
  sentence.setAttribute("role", "alert");
  const stay = button(sayStay, "", () => ask("POST"));
  const close = button(sayClose, "secondary", () => {
    dismissed = sentence.textContent;
    hide();
  });
  notice.append(sentence, stay, close);
  notice.addEventListener("focusin", (event) => {
    if (!notice.contains(event.relatedTarget)) before = event.relatedTarget;
  });
  notice.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close.click();
  });
  document.body.prepend(notice);

  function button(words, kind, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `button ${kind}`;
    made.textContent = words;
    made.addEventListener("click", act);
    return made;
  }

  function later(seconds) {
    clearTimeout(timer);
    timer = setTimeout(() => ask("GET"), seconds * 1000);
  }

  async function ask(method) {
    askedAt = Date.now();
    const headers = {};
    if (method === "POST") headers["X-CSRFToken"] = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    const answer = await fetch(address, { method, headers, cache: "no-store" }).catch(() => null);
    if (!answer || !answer.ok) {
      later(AGAIN);
      return;
    }
    const rest = await answer.json();
    if (rest.seconds > rest.notice) hide();
    else show(rest);
    // While the notice is shown, another page may extend the session or end it.
    if (rest.seconds > 0) later(rest.seconds > rest.notice ? rest.seconds - rest.notice : Math.min(rest.seconds + 1, AGAIN));
  }

  function show(rest) {
    if (rest.sentence === dismissed) return;
    const asksAnew = notice.hidden || sentence.textContent !== rest.sentence;
    notice.hidden = false;
    stay.hidden = !rest.extends;
    if (asksAnew) sentence.textContent = rest.sentence;
  }

  function hide() {
    const held = notice.contains(document.activeElement);
    notice.hidden = true;
    sentence.textContent = "";
    if (held && before?.isConnected) before.focus();
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - askedAt > SOON * 1000) ask("GET");
  });
  later(FIRST);
})();
