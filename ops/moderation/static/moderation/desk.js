// The page of a case: works by keyboard, and renews the claim while the page is visible and used.
"use strict";

const form = document.getElementById("decide");
const reported = [...document.querySelectorAll(".case li.reported")];

// --- The claim is renewed each minute, while somebody has used the page within three ---

const BEAT = 60_000;
const IDLE = 180_000;
const state = document.getElementById("claim-state");

if (form && state) {
  let used = Date.now();
  const note = () => (used = Date.now());
  for (const kind of ["keydown", "pointerdown", "scroll", "input"]) addEventListener(kind, note, { passive: true });
  const timer = setInterval(async () => {
    if (document.hidden || Date.now() - used > IDLE) return;
    const answer = await fetch(form.dataset.heartbeat, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "fetch" },
    }).catch(() => null);
    if (answer && answer.status === 409) {
      clearInterval(timer);
      state.textContent = "You no longer hold this case. What you entered here is kept when you send it: load the page again first.";
    }
  }, BEAT);
}

// --- Keys, as the panel names them ---

const isTyping = (element) =>
  element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName) || (element.tagName === "INPUT" && !/^(radio|checkbox)$/.test(element.type));

const go = (step) => {
  if (!reported.length) return;
  const here = reported.indexOf(document.activeElement?.closest("li.reported"));
  const next = here < 0 ? (step > 0 ? 0 : reported.length - 1) : Math.min(Math.max(here + step, 0), reported.length - 1);
  reported[next].focus();
  reported[next].scrollIntoView({ block: "center" });
};

const press = (key) => {
  const target = document.querySelector(`.case [data-key="${key}"]`);
  if (!target) return false;
  if (target.tagName === "FORM") target.requestSubmit();
  else if (target.tagName === "DETAILS") {
    target.open = true;
    target.querySelector("select, input:not([type=hidden]), button").focus();
  } else target.click();
  return true;
};

const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  d: () => press("d") || form?.querySelector("input[name=action]")?.focus(),
  u: () => document.querySelector(".case .decisions a[href*=undo]")?.click(),
};

if (document.querySelector(".case")) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    if (/^[1-9]$/.test(event.key) && form) {
      const label = form.querySelectorAll("input[name=label]")[Number(event.key) - 1];
      if (!label) return;
      label.checked = true;
      label.focus();
    } else if (KEYS[event.key]) KEYS[event.key]();
    else if (!/^[ewsnh]$/.test(event.key) || !press(event.key)) return;
    event.preventDefault();
  });
}

// --- A canned reason fills the text, unless somebody wrote one ---

const reason = form?.querySelector("select[name=reason]");
if (reason) {
  const text = form.querySelector("textarea[name=sent]");
  let filled = "";
  reason.addEventListener("change", () => {
    if (text.value && text.value !== filled) return;
    filled = reason.selectedOptions[0].dataset.text ?? "";
    text.value = filled;
  });
}
