// A button on each block of code that copies it. Without a script, or where a page may not copy, there is none.
(() => {
  if (!navigator.clipboard) return;
  const { copy, copied } = document.currentScript.dataset;
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  for (const block of document.querySelectorAll(".prose pre")) {
    const code = block.querySelector("code") ?? block;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = copy;
    let timer;
    button.addEventListener("click", async () => {
      clearTimeout(timer);
      status.textContent = "";
      try {
        await navigator.clipboard.writeText(code.textContent.replace(/\n$/, ""));
      } catch {
        // Refused: what is selected can still be copied by hand.
        getSelection().selectAllChildren(code);
        return;
      }
      button.textContent = status.textContent = copied;
      timer = setTimeout(() => {
        button.textContent = copy;
        status.textContent = "";
      }, 2000);
    });
    const frame = document.createElement("div");
    frame.className = "code";
    block.replaceWith(frame);
    frame.append(button, block);
  }
  document.body.append(status);
})();
