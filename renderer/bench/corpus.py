#!/usr/bin/env python3
"""Writes the same site for Hugo, Zola and igny8-render, the same bytes for the same arguments.

  OUT/site    a Hugo project (hugo.toml, layouts/) that igny8-render reads as well: one content/ for both
  OUT/theme   a theme for igny8-render that writes the pages which the Hugo layouts write
  OUT/zola    a Zola project over the same content/
  OUT/expected.json   how many pages of each sort a run must write

Scenarios: `plain`; `code`, three fenced blocks on each post, to be highlighted; `heavy`, the ten newest posts and
all tags with their counts on every page.
"""

import argparse
import collections
import datetime
import json
import pathlib
import random

import layouts

WORDS = (
    "amber basin cedar delta ember field grain haven inlet juniper kiln larch moss north orchard pine quarry reed "
    "shore tide upland valley willow yarrow barley clay drift estuary fern gravel heath island knoll loam marsh "
    "nettle oak peat ridge slate thistle umber vale weir birch cove dune fjord grove hazel iris jetty"
).split()
# Rare enough to keep pages apart, common enough to be met in every text.
ACCENTED = ["café", "naïve", "façade", "jalapeño", "smörgås"]
SECTIONS, TAGS, CATEGORIES, PER_POST, PER_PAGE, FEED = 10, 200, 20, 3, 20, 20
BODY_BYTES = 4096

CODE = {
    "rust": """/// Sums the values that are even.
fn sum_{n}(values: &[u64]) -> u64 {{
    let mut total = {n};
    for value in values {{
        if value % 2 == 0 {{
            total += value * {m}; // weighted
        }}
    }}
    total
}}""",
    "python": """def sum_{n}(values, factor={m}):
    \"\"\"Sums the values that are even.\"\"\"
    total = {n}
    for value in values:
        if value % 2 == 0:
            total += value * factor  # weighted
    return total


print(sum_{n}([1, 2, 3]))""",
    "javascript": """// Sums the values that are even.
export function sum{n}(values, factor = {m}) {{
  let total = {n};
  for (const value of values) {{
    if (value % 2 === 0) {{
      total += value * factor;
    }}
  }}
  return `total: ${{total}}`;
}}""",
    "go": """// Sum{n} sums the values that are even.
func Sum{n}(values []int) int {{
	total := {n}
	for _, value := range values {{
		if value%2 == 0 {{
			total += value * {m}
		}}
	}}
	return total
}}""",
}


class Dice:
    """Whole numbers from a seed. `random()` is the one method that Python promises to keep the same."""

    def __init__(self, seed):
        self.source = random.Random(seed)

    def below(self, n):
        return int(self.source.random() * n)

    def pick(self, items):
        return items[self.below(len(items))]


def sentence(dice):
    words = [dice.pick(WORDS) for _ in range(9 + dice.below(10))]
    if dice.below(6) == 0:
        words[2] = dice.pick(ACCENTED)
    return " ".join(words).capitalize() + "."


def body(dice, number, code):
    blocks, size, part = [f"Opening of item {number}. {sentence(dice)} {sentence(dice)}"], 0, 0
    while size < BODY_BYTES:
        part += 1
        more = [
            f"## Part {part} of item {number}",
            " ".join(sentence(dice) for _ in range(4)),
            f"With *emphasis*, **strength**, `code` and [a link away](https://example.org/{dice.below(9999)}).",
            "\n".join(f"- {sentence(dice)}" for _ in range(4)),
            f"> {sentence(dice)}",
            "| name | value |\n| --- | ---: |\n"
            + "\n".join(f"| {dice.pick(WORDS)} | {dice.below(1000)} |" for _ in range(3)),
        ]
        if part <= code:
            language = dice.pick(list(CODE))
            more.append(f"```{language}\n{CODE[language].format(n=number, m=2 + dice.below(90))}\n```")
        blocks += more
        size += sum(len(block) + 2 for block in more)
    return "\n\n".join(blocks) + "\n"


def some_tags(dice):
    """Different tags, low numbers far more often than high ones, as on real sites."""
    chosen = []
    while len(chosen) < PER_POST:
        tag = "tag-%03d" % (1 + min(dice.below(TAGS), dice.below(TAGS), dice.below(TAGS)))
        if tag not in chosen:
            chosen.append(tag)
    return chosen


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make(out, posts, scenario, seed, zola="0.22"):
    """Writes the corpus below `out` and gives what a run of it must write."""
    content = out / "site" / "content"
    # Zola needs its own keys in section files; Hugo and igny8-render pass them over.
    section = '+++\ntitle = "%s"\nsort_by = "date"\npaginate_by = %d\n%s+++\n'
    write(content / "_index.md", section % ("Home", PER_PAGE, ""))
    for s in range(1, SECTIONS + 1):
        more = "transparent = true\ngenerate_feeds = true\n"
        write(content / f"posts-{s:02}" / "_index.md", section % (f"Section {s:02}", PER_PAGE, more))
    newest = datetime.datetime(2025, 6, 30)
    members = collections.Counter()
    for number in range(1, posts + 1):
        dice = Dice(f"{seed}/{number}")
        tags = some_tags(dice)
        category = "category-%02d" % (1 + dice.below(CATEGORIES))
        folder = f"posts-{1 + (number - 1) % SECTIONS:02}"
        date = (newest - datetime.timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        terms = f'tags = {json.dumps(tags)}\ncategories = ["{category}"]\n'
        front = (
            f'+++\ntitle = "Item {number:06} on {dice.pick(WORDS)}"\n'
            f'description = "What item {number:06} says, in one line."\ndate = {date}\n'
            # Hugo and igny8-render read the first, Zola the second, which is a table they both know or pass over.
            f"{terms}[taxonomies]\n{terms}"
        )
        text = body(dice, number, 3 if scenario == "code" else 0)
        write(content / folder / f"p{number:06}.md", front + "+++\n" + text)
        members.update([folder, "c" + category, *("t" + tag for tag in tags)])
    layouts.write_all(out, scenario, write, PER_PAGE, FEED, zola)
    pages = lambda n: -(-n // PER_PAGE)
    expected = {
        "posts": posts,
        # Home, sections, terms with all their pages, and the two lists of terms.
        "lists": pages(posts) + sum(pages(n) for n in members.values()) + 2,
        "feeds": 1 + len(members),
        "sitemap": posts + 1 + len(members) + 2,
    }
    write(out / "expected.json", json.dumps(expected) + "\n")
    return expected


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--scenario", choices=["plain", "code", "heavy"], default="plain")
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()
    print(json.dumps(make(args.out, args.posts, args.scenario, args.seed)))


if __name__ == "__main__":
    main()
