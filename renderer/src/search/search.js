// Search: reads the index that lies beside the site. How it is written: renderer/src/search/mod.rs. What finds is apart from what shows, so
// that it runs without a page.
const SHOWN = 10, PIECES = 4, MATCHES = 60;

const CJK = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u1100-\u11ff\u{20000}-\u{3ffff}]/u;
export const words = (text) => {
  const found = new Set();
  const add = (word) => word && found.add([...word].slice(0, 40).join(""));
  const folded = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const run of folded.match(/[\p{L}\p{N}]+/gu) ?? []) {
    let word = "", before = "";
    for (const c of run) {
      if (CJK.test(c)) {
        add(word);
        word = "";
        if (before) found.add(before + c);
        before = c;
      } else {
        word += c;
        before = "";
      }
    }
    add(word);
  }
  // The index has no words of one letter. Alone, such a letter is the beginning of a word; among others it would find pages by chance.
  const all = [...found];
  return all.length > 1 ? all.filter((word) => [...word].length > 1) : all;
};

// Terms that begin with the word, with how much each counts.
const lookUp = async (read, index, word) => {
  let at = 0, end = index.terms.length;
  while (end - at > 1) {
    const middle = (at + end) >> 1;
    if (index.terms[middle][0] <= word) at = middle;
    else end = middle;
  }
  const matches = [];
  for (let n = 0; n < PIECES && at < index.terms.length; n += 1, at += 1) {
    if (n > 0 && !index.terms[at][0].startsWith(word)) break;
    for (const row of await read(index.terms[at][1])) {
      if (row[0].startsWith(word)) matches.push(row);
    }
  }
  matches.sort((a, b) => a[0].length - b[0].length);
  return matches.slice(0, MATCHES);
};

// Numbers of the pages that a question finds, the best first. `read` gives a file of the index by its name, which is empty for the
// manifest.
export const search = async (read, question) => {
  const index = await read("");
  const asked = words(question);
  const scores = new Map();
  const rows = await Promise.all(asked.map((word) => lookUp(read, index, word)));
  rows.forEach((matches, n) => {
    const best = new Map();
    for (const [term, count, postings] of matches) {
      const rare = Math.log(1 + index.n / count) * (term === asked[n] ? 1 : 0.5);
      for (let i = 0, page = 0; i < postings.length; i += 2) {
        page += postings[i];
        best.set(page, Math.max(best.get(page) ?? 0, rare * postings[i + 1]));
      }
    }
    for (const [page, score] of best) {
      const sum = scores.get(page) ?? [0, 0];
      scores.set(page, [sum[0] + 1, sum[1] + score]);
    }
  });
  // Pages with all words come first.
  return [...scores].sort((a, b) => b[1][0] - a[1][0] || b[1][1] - a[1][1] || a[0] - b[0]).map(([page]) => page);
};

// What is shown of these pages: title, address, summary, section of each.
export const describe = async (read, pages) => {
  const index = await read("");
  return Promise.all(pages.map(async (page) => (await read(index.pages[Math.floor(page / index.size)]))[page % index.size]));
};

// The text in pieces, with marks on the words that were asked for.
const marked = (text, asked) => {
  const any = asked.join("|");
  if (!any) return [text];
  const pieces = text.split(new RegExp(`(?<![\\p{L}\\p{N}])((?:${any})[\\p{L}\\p{N}]*)`, "giu"));
  return pieces.map((piece, n) => {
    if (n % 2 === 0) return piece;
    const mark = document.createElement("mark");
    mark.textContent = piece;
    return mark;
  });
};

const start = () => {
  const form = document.querySelector("form[data-index]");
  const input = form.elements.q;
  const list = document.getElementById("search-results");
  const status = document.getElementById("search-status");
  const more = document.getElementById("search-more");
  // Where to go without a result.
  const rest = document.getElementById("search-else");
  const base = new URL(form.dataset.index, location.href);

  const files = new Map();
  const read = (name) => {
    if (!files.has(name)) {
      const file = fetch(name ? new URL(name, base) : base).then((answer) => {
        if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
        return answer.json();
      });
      file.catch(() => files.delete(name));
      files.set(name, file);
    }
    return files.get(name);
  };

  let turn = 0, pages = [], shown = 0;
  const show = async () => {
    const mine = turn;
    const next = pages.slice(shown, shown + SHOWN);
    const rows = await describe(read, next);
    if (mine !== turn) return;
    const asked = words(input.value);
    for (const [title, address, summary, section] of rows) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = address;
      link.append(...marked(title, asked));
      const text = document.createElement("p");
      text.append(...marked(summary, asked));
      item.append(link, text);
      if (section) {
        const place = document.createElement("p");
        place.className = "kicker";
        place.textContent = section;
        item.prepend(place);
      }
      list.append(item);
    }
    shown += next.length;
    more.hidden = shown >= pages.length;
  };

  const ask = async () => {
    const mine = (turn += 1);
    const question = input.value.trim();
    const address = new URL(location.href);
    if (question) address.searchParams.set("q", question);
    else address.searchParams.delete("q");
    history.replaceState(null, "", address);
    try {
      const found = question ? await search(read, question) : [];
      if (mine !== turn) return;
      [pages, shown] = [found, 0];
      list.replaceChildren();
      const words = found.length ? form.dataset.count.replace("{n}", found.length.toLocaleString(document.documentElement.lang)) : form.dataset.none;
      status.textContent = question ? words : "";
      await show();
      if (rest && mine === turn) rest.hidden = found.length > 0;
    } catch {
      if (mine === turn) status.textContent = form.dataset.failed;
    }
  };

  let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    ask();
  });
  more.addEventListener("click", show);
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  if (input.value) ask();
};

if (globalThis.document) start();
