// The page of a conversation: says where in the thread one is, prints, and opens what a link leads into.
"use strict";

const place = document.querySelector(".place .here");
const messages = [...document.querySelectorAll(".messages > li[data-position]")];

// --- Where one is ---

const showPlace = () => {
  const top = document.querySelector(".thread-bar").getBoundingClientRect().bottom;
  // The messages stand below each other: the first one that ends below the bar is found by halving.
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

// --- Printing: everything that is folded away belongs on paper ---

const print = document.querySelector(".thread-bar .print");
if (print) {
  print.hidden = false; // without scripts it would do nothing
  print.addEventListener("click", () => window.print());
}

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll(".thread details:not([open])")];
  folded.forEach((one) => (one.open = true));
});
addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)));

// --- The sheet of narrow screens covers the thread, so a jump into the thread closes it ---

const panel = document.querySelector(".panel");
if (panel) {
  panel.addEventListener("click", (event) => {
    if (event.target.closest('a[href^="#"]')) panel.open = false;
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") panel.open = false;
  });
}

// --- Keys, unless somebody switched single ones off: j and k go from message to message, n and p from hit to hit ---

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
