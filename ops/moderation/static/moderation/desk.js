// The page of a case: handles keys, and renews the claim while the page is visible and used. The claim ends soon after
// the user leaves the page.
"use strict";

const form = document.getElementById("decide");
const reported = [...document.querySelectorAll(".case li.reported")];

// --- Renew the claim each minute, if the page was used within the last three ---

const BEAT = 60_000;
const IDLE = 180_000;
const state = document.getElementById("claim-state");

if (form && state) {
  let used = Date.now();
  const note = () => (used = Date.now());
  for (const kind of ["keydown", "pointerdown", "scroll", "input"]) addEventListener(kind, note, { passive: true });
  const beat = async () => {
    const request = { method: "POST", body: new FormData(form) };
    // No answer, or another page instead of JSON, says nothing about the claim.
    const answer = await fetch(form.dataset.heartbeat, request).then((answer) => answer.json()).catch(() => null);
    if (answer?.held === false) {
      clearInterval(timer);
      state.textContent = state.dataset.sayLost;
    }
  };
  const timer = setInterval(() => document.hidden || Date.now() - used > IDLE || beat(), BEAT);
  addEventListener("pagehide", () => navigator.sendBeacon(`${form.dataset.heartbeat}?left=yes`, new FormData(form)));
  addEventListener("pageshow", beat); // loaded, or restored by the Back button
}

// --- On wide screens, open the panel beside the page, so that everybody finds what it contains ---

const panel = document.querySelector(".case .panel");
if (panel && matchMedia("(min-width: 1000px)").matches) panel.open = true;

// --- Keys, as listed in the panel ---

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
    target.querySelector("select, textarea, input:not([type=hidden]), button").focus();
  } else target.click();
  return true;
};

const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  d: () => press("d") || form?.querySelector("input[name=action]")?.focus(),
  p: () => history.back(),
  ".": () => repeat(),
  v: () => {
    const here = document.activeElement?.closest("li.reported") ?? document;
    const covered = here.querySelector("details.covered");
    if (covered) covered.open = !covered.open;
  },
  u: () => document.querySelector(".case .decisions a.reverses")?.click(),
};

// Fills in the label, decision and reason of the user's last decision, which the server keeps in the session.
const repeat = () => {
  const last = Object.entries(JSON.parse(form?.dataset.repeat || "{}"));
  for (const [name, values] of last) {
    for (const field of form.querySelectorAll(`[name="${name}"]`)) {
      if (/^(radio|checkbox)$/.test(field.type)) field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  if (last.length) form.querySelector("input[name=action]:checked")?.focus();
};

if (document.querySelector(".case") && !document.querySelector('[data-keys="off"]')) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    if (/^[1-9]$/.test(event.key) && form) {
      const label = form.querySelectorAll("input[name=label]")[Number(event.key) - 1];
      if (!label) return;
      label.checked = true;
      label.focus();
    } else if (KEYS[event.key]) KEYS[event.key]();
    else if (!/^[aewsnhmo]$/.test(event.key) || !press(event.key)) return;
    event.preventDefault();
  });
}

// --- Add words that are selected in a message to the words to remove ---

const take = form?.querySelector(".take-selection");
if (take) {
  const words = form.querySelector("textarea[name=remove]");
  take.hidden = false;
  take.addEventListener("mousedown", (event) => event.preventDefault()); // it would end the selection
  take.addEventListener("click", () => {
    const selection = getSelection();
    const message = selection.anchorNode?.parentElement?.closest(".case .messages > li[id]");
    const selected = selection.toString().trim();
    if (!message || !selected) return;
    words.value = [words.value.trim(), selected].filter(Boolean).join("\n");
    form.querySelector("select[name=remove_from]").value = message.id.slice(1);
  });
}
