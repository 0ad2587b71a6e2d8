// In a thread, the key f reports the message that has the focus, or else the one that a link led to.
"use strict";

(() => {
  const address = document.querySelector("[data-report]").dataset.report;
  const isTyping = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "f" || document.querySelector('[data-keys="off"]')) return;
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    const message = document.activeElement.closest(".messages > li") ?? document.querySelector(".messages > li:has(> .marked)");
    if (!message) return;
    event.preventDefault();
    location.assign(address.replace("/0/", `/${message.id.slice(1)}/`));
  });
})();
