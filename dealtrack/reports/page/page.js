"use strict";
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const read = (row, place) => {
    const cell = row.cells[place], value = cell.dataset.value;
    return value === undefined ? cell.textContent : value === "" || isNaN(value) ? value : Number(value);
  };
  const sorted = (place, down) => (one, two) => {
    const a = read(one, place), b = read(two, place);
    if (a === "" || b === "") return (a === "") - (b === "");
    const order = typeof a === "number" ? a - b : a.localeCompare(b, document.documentElement.lang, { numeric: true });
    return down ? -order : order;
  };
  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const down = before ? before === "ascending" : head.classList.contains("n");
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...[...body.rows].sort(sorted(place, down)));
    });
  });
}
