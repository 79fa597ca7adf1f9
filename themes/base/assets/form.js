// Forms that the site's server takes: sent without leaving the page, with what is wrong told beside the fields. Without this script the
// browser sends them, and the server answers with a page.
(() => {
  for (const form of document.querySelectorAll("form[data-form]")) {
    const said = form.dataset;
    // Not by its property, which a field of that name hides.
    const action = form.getAttribute("action");
    const box = form.querySelector(".form-problems");
    const [, general] = box.querySelectorAll("p");
    const list = box.querySelector("ul");
    const button = form.querySelector("button[type=submit]");
    const label = button.textContent;
    const token = form.elements._token;
    const fields = [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.closest(".field"));
    let asked;
    let ready = 0;
    let until = 0;

    // The browser's own bubbles vanish and name one field alone.
    form.noValidate = true;

    const askForToken = () => {
      asked = fetch(action, { headers: { accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : {}))
        .then((answer) => {
          token.value = answer.token ?? "";
          ready = Date.now() + (answer.wait_ms ?? 0);
          until = Date.now() + (answer.life_ms ?? 0);
        })
        .catch(() => {});
      return asked;
    };
    form.addEventListener("focusin", () => asked ?? askForToken());

    const wrong = (field) => {
      const { validity } = field;
      if (validity.valueMissing || (field.required && field.type !== "checkbox" && !field.value.trim()))
        return field.dataset.consent === undefined ? "required" : "consent";
      if (validity.typeMismatch) return "email";
      return validity.tooLong ? "long" : null;
    };

    const mark = (field, problem) => {
      const id = `${field.id}-problem`;
      const names = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean));
      document.getElementById(id)?.remove();
      names.delete(id);
      if (problem) {
        const text = document.createElement("small");
        text.id = id;
        text.className = "field-problem";
        text.textContent = said[problem];
        field.closest(".field").append(text);
        names.add(id);
        field.setAttribute("aria-invalid", "true");
      } else field.removeAttribute("aria-invalid");
      if (names.size) field.setAttribute("aria-describedby", [...names].join(" "));
      else field.removeAttribute("aria-describedby");
    };

    const tell = (problems, text = "") => {
      for (const field of fields) mark(field, problems.get(field.name));
      list.replaceChildren(
        ...fields
          .filter((field) => problems.has(field.name))
          .map((field) => {
            const entry = document.createElement("li");
            const link = document.createElement("a");
            link.href = `#${field.id}`;
            link.textContent = field.labels[0]?.firstChild?.textContent.trim() ?? field.name;
            link.addEventListener("click", (event) => {
              event.preventDefault();
              field.focus();
            });
            entry.append(link, `: ${said[problems.get(field.name)]}`);
            return entry;
          }),
      );
      list.hidden = !list.children.length;
      general.textContent = text;
      general.hidden = !text;
      box.hidden = list.hidden && general.hidden;
      if (!box.hidden) box.focus();
    };

    const thank = () => {
      const done = document.createElement("div");
      done.className = "form-done";
      done.setAttribute("role", "status");
      done.tabIndex = -1;
      const head = document.createElement("p");
      const strong = document.createElement("strong");
      strong.textContent = said.sent;
      head.append(strong);
      const text = document.createElement("p");
      text.textContent = said.sentText;
      done.append(head, text);
      form.replaceWith(done);
      done.focus();
    };

    for (const field of fields) {
      field.addEventListener("change", () => {
        if (field.getAttribute("aria-invalid") && !wrong(field)) mark(field, null);
      });
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      const problems = new Map(fields.map((field) => [field.name, wrong(field)]).filter(([, problem]) => problem));
      tell(problems);
      if (problems.size) return;
      button.disabled = true;
      button.textContent = said.sending;
      try {
        await (asked ?? askForToken());
        if (until && until < Date.now()) await askForToken();
        await new Promise((done) => setTimeout(done, Math.max(0, ready - Date.now())));
        const answer = await fetch(action, {
          method: "POST",
          headers: { accept: "application/json" },
          body: new URLSearchParams(new FormData(form)),
        });
        const body = await answer.json().catch(() => ({}));
        if (answer.ok) return thank();
        if (answer.status === 429) tell(new Map(), said.wait);
        else tell(new Map((body.errors ?? []).map(({ field, code }) => [field, code])), body.errors?.length ? "" : said.failed);
      } catch {
        // Another origin that may not be asked by scripts, or no connection: the browser's own way tells which.
        HTMLFormElement.prototype.submit.call(form);
      } finally {
        button.disabled = false;
        button.textContent = label;
      }
    });
  }
})();
