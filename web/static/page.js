// One listener for all results: they are replaced with every analysis.
(() => {
  const show = (viewer, number) => {
    viewer.querySelectorAll(".frame").forEach((frame) => { frame.hidden = frame.dataset.frame !== String(number); });
    viewer.querySelectorAll(".instant").forEach((button) => {
      button.setAttribute("aria-current", String(button.dataset.show === String(number)));
    });
    viewer.querySelector("[data-role=frame]").value = number;
  };
  document.addEventListener("input", ({ target }) => {
    const viewer = target.closest?.(".viewer");
    if (!viewer) return;
    const { role } = target.dataset;
    if (role === "opacity") viewer.style.setProperty("--opacity", target.value / 100);
    if (role === "compare") viewer.style.setProperty("--cut", `${target.value}%`);
    if (role === "toggle") viewer.querySelector(".overlay").hidden = !target.checked;
    if (role === "frame") show(viewer, target.value);
  });
  document.addEventListener("click", ({ target }) => {
    const chosen = target.closest?.(".clip [data-show]");
    if (chosen) show(chosen.closest(".clip"), chosen.dataset.show);
  });
})();
