// The page of a conversation: shows the position in the thread, prints, closes the panel, and handles keys.
"use strict";

const place = document.querySelector(".place .here");
const messages = [...document.querySelectorAll(".messages > li[data-position]")];

// --- Position in the thread ---

const showPlace = () => {
  const top = document.querySelector(".thread-bar").getBoundingClientRect().bottom;
  // Messages are in order from top to bottom, so bisection finds the first one that ends below the bar.
  let [low, high] = [0, messages.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].getBoundingClientRect().bottom > top + 4) high = middle;
    else low = middle + 1;
  }
  place.querySelector(".number").textContent = messages[low].dataset.position;
  place.hidden = false;
};

if (place && messages.length) {
  let waiting = false;
  addEventListener(
    "scroll",
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        showPlace();
      });
    },
    { passive: true },
  );
}

// --- Printing: also print everything that is collapsed ---

const print = document.querySelector(".thread-bar .print");
if (print) {
  print.hidden = false; // hidden without scripts: it would do nothing
  print.addEventListener("click", () => window.print());
}

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll(".thread details:not([open])")];
  folded.forEach((one) => (one.open = true));
});
addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)));

// --- On narrow screens the panel covers the thread, so a jump into the thread closes it ---

const panel = document.querySelector(".panel");
if (panel) {
  panel.addEventListener("click", (event) => {
    if (event.target.closest('a[href^="#"]')) panel.open = false;
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") panel.open = false;
  });
}

// --- Keys, unless the user switched single keys off: j and k move between messages, n and p between hits ---

const isTyping = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
  if (document.querySelector('[data-keys="off"]')) return;
  const hit = /^[np]$/.test(event.key) && document.querySelector(`a[data-hit="${event.key}"]`);
  if (hit) hit.click();
  const step = { j: 1, k: -1 }[event.key];
  if (!step || !messages.length) return;
  const here = document.activeElement.closest(".messages > li") ?? document.querySelector(".messages > li:has(> .marked)");
  const next = here ? Math.min(Math.max(messages.indexOf(here) + step, 0), messages.length - 1) : 0;
  messages[next].tabIndex = -1;
  messages[next].focus();
  event.preventDefault();
});
