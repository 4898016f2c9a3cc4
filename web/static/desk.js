// What the desk does in the browser: it takes files away, leads to the progress and to the answer, and sorts the table.
window.faceCheck = {
  take(file) {
    if (!file) return;
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name || "";
    document.body.append(link);
    link.click();
    link.remove();
  },
  // no other file while one is checked: Gradio can lock its boxes, but not its examples
  isBusy: () => Boolean(document.querySelector("#examples")?.inert),
  release() {
    document.querySelector("#examples").inert = false;
  },
  // on a phone the progress lies below the button
  watch() {
    document.querySelector("#examples").inert = true;
    document.querySelector("#sample")?.remove();
    const answer = document.querySelector("#answer");
    const { top } = answer.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight * 0.6) answer.scrollIntoView({ behavior: "smooth", block: "start" });
  },
  // what `Check` becomes when a link or files are given; while a check runs, nothing else
  canStart(link, files) {
    return { __type__: "update", ...(this.isBusy() ? {} : { interactive: Boolean(link?.trim() || files?.length) }) };
  },
  // two frames: Gradio puts the answer into the page in the first
  read() {
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const shown = ["#verdict [tabindex]", "#batch_table [tabindex]"].map((place) => document.querySelector(place));
      const answer = shown.find((place) => place && place.offsetParent);
      answer?.focus({ preventScroll: true });
      answer?.scrollIntoView({ behavior: "smooth", block: "nearest" });
    }));
  },
};

// Opens a fold that the answer tells of, and goes there.
document.addEventListener("click", ({ target }) => {
  const place = document.querySelector(target.closest?.("[data-go]")?.dataset.go);
  const fold = place?.querySelector("button");
  if (!fold) return;
  if (!fold.classList.contains("open")) fold.click();
  fold.focus({ preventScroll: true });
  place.scrollIntoView({ behavior: "smooth", block: "center" });
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.(".sort");
  if (!button) return;
  const title = button.closest("th");
  const column = Number(button.dataset.sort);
  // names from the first letter, figures from the highest
  const [first, second] = column ? ["descending", "ascending"] : ["ascending", "descending"];
  const direction = title.getAttribute("aria-sort") === first ? second : first;
  button.closest("tr").querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
  title.setAttribute("aria-sort", direction);
  const body = button.closest("table").tBodies[0];
  const value = (row) => row.cells[column].dataset.value;
  const compare = (a, b) => (column ? value(a) - value(b) : value(a).localeCompare(value(b)));
  const sign = direction === "ascending" ? 1 : -1;
  [...body.rows].sort((a, b) => sign * compare(a, b)).forEach((row) => body.append(row));
});
