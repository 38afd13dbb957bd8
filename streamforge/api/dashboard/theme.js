// Before the first paint, so that no page flashes in the other colours.
(function () {
  let wanted = null;
  try {
    wanted = localStorage.getItem("streamforge.theme");
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  if (wanted === "light" || wanted === "dark") document.documentElement.dataset.theme = wanted;
})();
