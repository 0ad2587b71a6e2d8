// Shows, below each of our columns, the first values of the file's column that is chosen for it.
"use strict";

const samples = JSON.parse(document.getElementById("column-samples").textContent);

function show(select) {
  const shown = document.getElementById(`${select.id}-samples`);
  shown.replaceChildren(
    ...(samples[select.value] || []).map((value) => {
      const sample = document.createElement("span");
      sample.className = "sample";
      sample.textContent = value;
      return sample;
    }),
  );
}

for (const select of document.querySelectorAll(".mapped select")) {
  select.addEventListener("change", () => show(select));
}
