// Light or dark as the visitor chooses. Without a script, or before a choice, the system decides, and the choice is not shown.
(() => {
  const root = document.documentElement;
  let chosen = "auto";
  try {
    chosen = localStorage.getItem("scheme") ?? "auto";
  } catch {
    // Storage may be forbidden; then a choice lasts for the page.
  }
  const show = () => {
    if (chosen === "light" || chosen === "dark") root.dataset.scheme = chosen;
    else delete root.dataset.scheme;
  };
  show();
  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("scheme");
    if (!choice) return;
    const button = choice.querySelector(`[value="${root.dataset.scheme ?? "auto"}"]`);
    if (button) button.checked = true;
    choice.hidden = false;
    choice.addEventListener("change", (event) => {
      chosen = event.target.value;
      show();
      try {
        if (chosen === "auto") localStorage.removeItem("scheme");
        else localStorage.setItem("scheme", chosen);
      } catch {
        // As above.
      }
    });
  });
})();
