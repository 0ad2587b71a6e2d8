// A checkbox with data-select-all="id" checks and clears all checkboxes in the element with that id.
"use strict";

for (const all of document.querySelectorAll("[data-select-all]")) {
  const boxes = [...document.getElementById(all.dataset.selectAll).querySelectorAll("input[type=checkbox]")].filter(
    (box) => box !== all,
  );

  const show = () => {
    const checked = boxes.filter((box) => box.checked).length;
    all.checked = checked === boxes.length;
    all.indeterminate = checked > 0 && !all.checked;
  };

  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  boxes.forEach((box) => box.addEventListener("change", show));
  all.closest("label").hidden = false; // hidden without scripts: it would do nothing
  show();
}
