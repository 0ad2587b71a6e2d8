// Reports a file that is too large before it is sent, not after; shows a note while a file is being sent.
"use strict";

const form = document.querySelector("form.upload");
const field = form.querySelector("input[type=file]");
const fault = form.querySelector("[role=alert]");
const most = Number(form.dataset.most);

function tooLarge() {
  const file = field.files[0];
  return Boolean(file) && file.size > most;
}

field.addEventListener("change", () => {
  fault.textContent = tooLarge() ? form.dataset.sayTooLarge : "";
  fault.hidden = !tooLarge();
});

form.addEventListener("submit", (event) => {
  if (tooLarge()) {
    event.preventDefault();
    fault.scrollIntoView({ block: "nearest" });
    field.focus();
    return;
  }
  if (field.files.length) {
    document.getElementById("sending").hidden = false;
    form.querySelector("button[type=submit]").disabled = true;
  }
});

// The browser's Back button may show the page as the user left it.
window.addEventListener("pageshow", () => {
  document.getElementById("sending").hidden = true;
  form.querySelector("button[type=submit]").disabled = false;
});
