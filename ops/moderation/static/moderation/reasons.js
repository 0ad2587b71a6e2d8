// Choosing a canned reason fills in its text, unless the user wrote one.
"use strict";

const reason = document.querySelector("select[name=reason]");
if (reason) {
  const text = document.querySelector("textarea[name=sent]");
  let filled = "";
  reason.addEventListener("change", () => {
    if (text.value && text.value !== filled) return;
    filled = reason.selectedOptions[0].dataset.text ?? "";
    text.value = filled;
  });
}
