/* Saves a form with a field "draft" on the server: after each pause in typing, and before the user leaves the page. */
"use strict";
(() => {
  const PAUSE = 1500; // milliseconds
  const place = document.querySelector('form input[name="draft"]');
  if (!place) return;
  const form = place.form;
  const state = form.querySelector(".draft-state");
  let timer = 0;
  let saving = null;
  let isSent = false;
  let kept = typed();

  function typed() {
    return new URLSearchParams(new FormData(form)).toString();
  }

  async function save() {
    const now = typed();
    if (now === kept || saving || isSent) return;
    const request = { method: "POST", body: new URLSearchParams(now), redirect: "manual" };
    saving = fetch(place.dataset.address, request).then((answer) => answer.status === 204, () => false);
    const isKept = await saving;
    saving = null;
    if (isKept) kept = now;
    state.textContent = isKept ? state.dataset.saved : state.dataset.failed;
    state.hidden = false;
    if (typed() !== now) wait();
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }

  function leave() {
    const now = typed();
    if (now === kept || isSent) return;
    if (navigator.sendBeacon(place.dataset.address, new URLSearchParams(now))) kept = now;
  }

  form.addEventListener("input", wait);
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    // A draft that arrives after the message was sent would not be deleted.
    if (saving && !isSent) {
      event.preventDefault();
      saving.finally(() => form.requestSubmit(event.submitter));
    }
    isSent = true;
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
  window.addEventListener("beforeunload", leave);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => { if (event.persisted) isSent = false; });
})();
