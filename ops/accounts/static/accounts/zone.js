/* Offers the browser's time zone to users who have not chosen one. The answer is stored; the page does not change. */
"use strict";

(() => {
  const { address, zone, sayLabel, sayOffer, sayYes, sayNo, sayFailed } = document.currentScript.dataset;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!own || own === zone || own.startsWith("Etc/")) return;

  const offer = document.createElement("section");
  offer.className = "page-notice";
  offer.setAttribute("aria-label", sayLabel);
  const sentence = document.createElement("p");
  sentence.setAttribute("role", "status");
  sentence.textContent = sayOffer.replace("{zone}", zone).replace("{own}", own);
  const yes = button(sayYes, "", () => answer(own));
  const no = button(sayNo, "secondary", () => answer(""));
  offer.append(sentence, yes, no);
  document.currentScript.after(offer);

  function button(words, kind, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `button ${kind}`;
    made.textContent = words;
    made.addEventListener("click", act);
    return made;
  }

  async function answer(chosen) {
    const body = new URLSearchParams({ zone: chosen });
    const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "" };
    const said = await fetch(address, { method: "POST", headers, body }).catch(() => null);
    const kind = said?.headers.get("Content-Type") ?? "";
    if (kind.startsWith("application/json")) sentence.textContent = (await said.json()).sentence;
    else sentence.textContent = sayFailed;
    yes.remove();
    no.remove();
    sentence.tabIndex = -1;
    sentence.focus();
  }
})();
