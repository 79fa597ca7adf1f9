// Says that this is a preview, and loads the page again when the site has changed.
(() => {
  const own = document.currentScript;
  const base = own.src.slice(0, own.src.lastIndexOf("~preview.js"));
  const since = encodeURIComponent(own.dataset.version);
  const note = document.createElement("p");
  note.textContent = "Preview, not public";
  Object.assign(note.style, {
    position: "fixed", insetBlockEnd: "1rem", insetInlineEnd: "1rem", zIndex: 9999, margin: 0, padding: ".4rem .9rem",
    borderRadius: "99rem", font: "600 14px/1.4 system-ui, sans-serif", background: "#101828", color: "#fff",
    boxShadow: "0 2px 12px rgb(0 0 0 / .25)", pointerEvents: "none",
  });
  document.body.append(note);
  const ask = async () => {
    let wait = 200;
    try {
      const answer = await fetch(`${base}~changed?since=${since}`, { cache: "no-store" });
      if (answer.status === 200) return location.reload();
      if (answer.status === 404) {
        note.textContent = "This preview has ended";
        return;
      }
      if (!answer.ok) wait = 5000;
    } catch {
      wait = 5000;
    }
    setTimeout(ask, wait);
  };
  ask();
})();
