// What Gradio leaves out for people who use a keyboard or a screen reader.
(() => {
  // arrow keys move between tabs
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab) return;
    const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
    const last = tabs.length - 1;
    const here = tabs.indexOf(tab);
    const next = { ArrowRight: here === last ? 0 : here + 1, ArrowLeft: here ? here - 1 : last, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    tabs[next].focus();
    tabs[next].click();
  });

  // areas that scroll sideways can be reached, and are named by the table inside
  const letScroll = (area) => {
    const scrolls = area.scrollWidth > area.clientWidth;
    if (scrolls === area.hasAttribute("tabindex")) return;
    if (scrolls) area.tabIndex = 0;
    else area.removeAttribute("tabindex");
    const name = area.matches("div") && area.querySelector("caption")?.textContent.trim();
    if (!name) return;
    if (scrolls) area.setAttribute("role", "region");
    else area.removeAttribute("role");
    area.setAttribute("aria-label", name);
  };
  const mend = () => {
    document.querySelectorAll(".scroll, #card table, #card pre").forEach(letScroll);
    // Gradio puts the button that adds files into another one, which does nothing
    document.querySelectorAll(".icon-button:has(.upload-container):not([role])").forEach((button) => {
      button.setAttribute("role", "group");
      button.tabIndex = -1;
    });
  };
  let isPlanned = false;
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      mend();
    });
  };
  new MutationObserver(plan).observe(document.body, { childList: true, subtree: true });
  new ResizeObserver(plan).observe(document.body);
})();
