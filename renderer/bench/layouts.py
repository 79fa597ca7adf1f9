"""The same pages as layouts for Hugo, a theme for igny8-render and templates for Zola.

Every post has: canonical, description, Open Graph, an Article as JSON-LD, a breadcrumb, links to its tags and to its
neighbours. Lists have twenty items, feeds twenty entries; there is a sitemap, robots.txt and a page for 404.
"""

BASE = "https://example.test"
STYLE = "body{max-width:60rem;margin:auto}\n"


def write_all(out, scenario, write, per_page, feed, zola):
    write(out / "site" / "static" / "style.css", STYLE)
    hugo(out / "site", scenario, write, per_page, feed)
    theme(out / "theme", scenario, write)
    zola_project(out / "zola", scenario, write, per_page, feed, zola)


def hugo(root, scenario, write, per_page, feed):
    write(
        root / "hugo.toml",
        f"""baseURL = "{BASE}/"
title = "Bench"
enableRobotsTXT = true
disableHugoGeneratorInject = true
capitalizeListTitles = false
[taxonomies]
tag = "tags"
category = "categories"
[pagination]
pagerSize = {per_page}
disableAliases = true
[outputs]
home = ["html", "rss"]
section = ["html", "rss"]
taxonomy = ["html"]
term = ["html", "rss"]
page = ["html"]
[services.rss]
limit = {feed}
[markup.goldmark.renderer]
unsafe = true
[markup.goldmark.extensions.typographer]
disable = true
[markup.highlight]
codeFences = {"true" if scenario == "code" else "false"}
noClasses = false
""",
    )
    side = '{{ partial "side.html" . }}\n' if scenario == "heavy" else ""
    write(
        root / "layouts/baseof.html",
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{{{ .Title }}}} | Bench</title>
<link rel="canonical" href="{{{{ .Permalink }}}}">
{{{{ block "head" . }}}}{{{{ end }}}}
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/">Bench</a></header>
<main>{{{{ block "main" . }}}}{{{{ end }}}}</main>
{side}<footer>Bench site</footer>
</body>
</html>
""",
    )
    write(
        root / "layouts/_partials/side.html",
        """<aside><ul>{{ range first 10 site.RegularPages.ByDate.Reverse }}<li><a href="{{ .Permalink }}">{{ .Title }}</a></li>{{ end }}</ul>
<ul>{{ range site.Taxonomies.tags.Alphabetical }}<li><a href="{{ .Page.Permalink }}">{{ .Page.Title }} ({{ .Count }})</a></li>
{{ end }}</ul></aside>
""",
    )
    listing = """{{ define "main" }}<h1>{{ .Title }}</h1>
{{ $p := .Paginate (cond .IsHome site.RegularPages .Pages) }}
<ul>{{ range $p.Pages }}<li><a href="{{ .Permalink }}">{{ .Title }}</a> <time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2 January 2006" }}</time></li>
{{ end }}</ul>
<nav>{{ with $p.Prev }}<a rel="prev" href="{{ .URL }}">Newer</a>{{ end }}<span>{{ $p.PageNumber }} / {{ $p.TotalPages }}</span>{{ with $p.Next }}<a rel="next" href="{{ .URL }}">Older</a>{{ end }}</nav>{{ end }}
"""
    for name in ("home", "section", "term"):
        write(root / f"layouts/{name}.html", listing)
    write(
        root / "layouts/taxonomy.html",
        """{{ define "main" }}<h1>{{ .Title }}</h1>
<ul>{{ range .Data.Terms.Alphabetical }}<li><a href="{{ .Page.Permalink }}">{{ .Page.Title }}</a> ({{ .Count }})</li>
{{ end }}</ul>{{ end }}
""",
    )
    write(
        root / "layouts/page.html",
        """{{ define "head" }}<meta name="description" content="{{ .Description }}">
<meta property="og:type" content="article">
<meta property="og:title" content="{{ .Title }}">
<meta property="og:url" content="{{ .Permalink }}">
<meta property="og:description" content="{{ .Description }}">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article","headline":{{ .Title }},"datePublished":{{ .Date.Format "2006-01-02T15:04:05Z07:00" }},"mainEntityOfPage":{{ .Permalink }}}</script>{{ end }}
{{ define "main" }}<article><h1>{{ .Title }}</h1>
<nav aria-label="Breadcrumb"><a href="/">Home</a> / <a href="{{ .Parent.Permalink }}">{{ .Parent.Title }}</a></nav>
<time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2 January 2006" }}</time>
<ul>{{ range .GetTerms "tags" }}<li><a href="{{ .Permalink }}">{{ .Title }}</a></li>{{ end }}</ul>
{{ .Content }}
<nav>{{ with .NextInSection }}<a href="{{ .Permalink }}">{{ .Title }}</a>{{ end }}{{ with .PrevInSection }}<a href="{{ .Permalink }}">{{ .Title }}</a>{{ end }}</nav></article>{{ end }}
""",
    )
    write(root / "layouts/404.html", '{{ define "main" }}<h1>Not found</h1>{{ end }}\n')
    write(root / "layouts/robots.txt", "User-agent: *\nAllow: /\n\nSitemap: {{ `sitemap.xml` | absURL }}\n")
    write(
        root / "layouts/rss.xml",
        """{{- $pages := .Pages }}{{ if .IsHome }}{{ $pages = site.RegularPages }}{{ end }}{{ $pages = first site.Config.Services.RSS.Limit $pages -}}
{{ `<?xml version="1.0" encoding="UTF-8"?>` | safeHTML }}
<rss version="2.0"><channel><title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>Bench</description>
{{ range $pages }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid><pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" | safeHTML }}</pubDate>{{ range .GetTerms "tags" }}<category>{{ .Title }}</category>{{ end }}<description>{{ .Description }}</description></item>
{{ end }}</channel></rss>
""",
    )
    write(
        root / "layouts/sitemap.xml",
        """{{ `<?xml version="1.0" encoding="UTF-8"?>` | safeHTML }}
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{{ range .Pages }}{{ if .Permalink }}<url><loc>{{ .Permalink }}</loc>{{ if not .Lastmod.IsZero }}<lastmod>{{ .Lastmod.Format "2006-01-02T15:04:05Z07:00" }}</lastmod>{{ end }}</url>
{{ end }}{{ end }}</urlset>
""",
    )


def theme(root, scenario, write):
    write(root / "theme.toml", 'name = "bench"\n')
    write(root / "assets" / "style.css", STYLE)
    side = '{% include "side.html" %}\n' if scenario == "heavy" else ""
    write(
        root / "templates/base.html",
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{% block title %}}{{% endblock %}} | Bench</title>
<link rel="canonical" href="{{{{ head.canonical }}}}">
{{% block head %}}{{% endblock %}}
<link rel="stylesheet" href="{{{{ assets["style.css"] }}}}">
</head>
<body>
<header><a href="/">Bench</a></header>
<main>{{% block main %}}{{% endblock %}}</main>
{side}<footer>Bench site</footer>
</body>
</html>
""",
    )
    write(
        root / "templates/side.html",
        """<aside><ul>{% for item in recent %}<li><a href="{{ item.permalink }}">{{ item.title }}</a></li>{% endfor %}</ul>
<ul>{% for term in term_cloud.tags %}<li><a href="{{ term.permalink }}">{{ term.name }} ({{ term.count }})</a></li>
{% endfor %}</ul></aside>
""",
    )
    listing = """{% extends "base.html" %}
{% block title %}{{ list.title }}{% endblock %}
{% block main %}<h1>{{ list.title }}</h1>
<ul>{% for item in list.items %}<li><a href="{{ item.permalink }}">{{ item.title }}</a> <time datetime="{{ item.published.iso }}">{{ item.published.text }}</time></li>
{% endfor %}</ul>
<nav>{% if list.pager.prev %}<a rel="prev" href="{{ list.pager.prev }}">Newer</a>{% endif %}<span>{{ list.pager.number }} / {{ list.pager.count }}</span>{% if list.pager.next %}<a rel="next" href="{{ list.pager.next }}">Older</a>{% endif %}</nav>{% endblock %}
"""
    # All names, so that none of the shared base's templates comes in between.
    for name in ("home", "list", "blog", "section", "term"):
        write(root / f"templates/{name}.html", listing)
    write(
        root / "templates/terms.html",
        """{% extends "base.html" %}
{% block title %}{{ list.title }}{% endblock %}
{% block main %}<h1>{{ list.title }}</h1>
<ul>{% for term in list.children %}<li><a href="{{ term.url }}">{{ term.title }}</a> ({{ term.count }})</li>
{% endfor %}</ul>{% endblock %}
""",
    )
    page = """{% extends "base.html" %}
{% block title %}{{ page.title }}{% endblock %}
{% block head %}<meta name="description" content="{{ page.description }}">
<meta property="og:type" content="article">
<meta property="og:title" content="{{ page.title }}">
<meta property="og:url" content="{{ page.permalink }}">
<meta property="og:description" content="{{ page.description }}">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article","headline":{{ page.title | json }},"datePublished":{{ page.published.iso | json }},"mainEntityOfPage":{{ page.permalink | json }}}</script>{% endblock %}
{% block main %}<article><h1>{{ page.title }}</h1>
<nav aria-label="Breadcrumb"><a href="/">Home</a> / <a href="{{ page.section.url }}">{{ page.section.title }}</a></nav>
<time datetime="{{ page.published.iso }}">{{ page.published.text }}</time>
<ul>{% for term in page.terms %}{% if term.taxonomy == "tags" %}<li><a href="{{ term.permalink }}">{{ term.name }}</a></li>{% endif %}{% endfor %}</ul>
{{ content }}
<nav>{% if before %}<a href="{{ before.url }}">{{ before.title }}</a>{% endif %}{% if after %}<a href="{{ after.url }}">{{ after.title }}</a>{% endif %}</nav></article>{% endblock %}
"""
    for name in ("page", "post"):
        write(root / f"templates/{name}.html", page)
    write(
        root / "templates/404.html",
        """{% extends "base.html" %}
{% block title %}Not found{% endblock %}
{% block main %}<h1>Not found</h1>{% endblock %}
""",
    )


def zola_project(root, scenario, write, per_page, feed, version):
    """For Zola before 0.23 (Tera 1); `version` 0.23 and later take Tera 2."""
    new = version >= "0.23"
    root.mkdir(parents=True, exist_ok=True)
    for name in ("content", "static"):
        if not (root / name).exists():
            (root / name).symlink_to(f"../site/{name}")
    highlight = "" if scenario != "code" else '[markdown.highlighting]\ntheme = "github-light"\n'
    write(
        root / "config.toml",
        f"""base_url = "{BASE}"
title = "Bench"
generate_feeds = true
feed_filenames = ["rss.xml"]
feed_limit = {feed}
exclude_paginated_pages_in_sitemap = "all"
{'skip_content_templating = ["**/*"]' if new else ""}
taxonomies = [
 {{name = "tags", paginate_by = {per_page}, feed = true}},
 {{name = "categories", paginate_by = {per_page}, feed = true}},
]
[markdown]
smart_punctuation = false
{highlight}""",
    )
    side = """<aside><ul>{% set home = get_section(path="_index.md") %}{% for p in home.pages %}{% if loop.index <= 10 %}<li><a href="{{ p.permalink | safe }}">{{ p.title }}</a></li>{% endif %}{% endfor %}</ul>
<ul>{% set all = get_taxonomy(kind="tags") %}{% for t in all.items %}<li><a href="{{ t.permalink | safe }}">{{ t.name }} ({{ t.page_count }})</a></li>
{% endfor %}</ul></aside>
"""
    write(
        root / "templates/base.html",
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{% block title %}}{{% endblock title %}} | Bench</title>
<link rel="canonical" href="{{% if current_url %}}{{{{ current_url | safe }}}}{{% endif %}}">
{{% block head %}}{{% endblock head %}}
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/">Bench</a></header>
<main>{{% block main %}}{{% endblock main %}}</main>
{side if scenario == "heavy" else ""}<footer>Bench site</footer>
</body>
</html>
""",
    )
    for name, title in (("index", "section.title"), ("section", "section.title"), ("taxonomy_single", "term.name")):
        write(
            root / f"templates/{name}.html",
            f"""{{% extends "base.html" %}}
{{% block title %}}{{{{ {title} }}}}{{% endblock title %}}
{{% block main %}}<h1>{{{{ {title} }}}}</h1>
<ul>{{% for p in paginator.pages %}}<li><a href="{{{{ p.permalink | safe }}}}">{{{{ p.title }}}}</a> <time datetime="{{{{ p.date }}}}">{{{{ p.date | date(format="%-d %B %Y") }}}}</time></li>
{{% endfor %}}</ul>
<nav>{{% if paginator.previous %}}<a rel="prev" href="{{{{ paginator.previous | safe }}}}">Newer</a>{{% endif %}}<span>{{{{ paginator.current_index }}}} / {{{{ paginator.number_pagers }}}}</span>{{% if paginator.next %}}<a rel="next" href="{{{{ paginator.next | safe }}}}">Older</a>{{% endif %}}</nav>{{% endblock main %}}
""",
        )
    write(
        root / "templates/taxonomy_list.html",
        """{% extends "base.html" %}
{% block title %}{{ taxonomy.name }}{% endblock title %}
{% block main %}<h1>{{ taxonomy.name }}</h1>
<ul>{% for t in terms %}<li><a href="{{ t.permalink | safe }}">{{ t.name }}</a> ({{ t.page_count }})</li>
{% endfor %}</ul>{% endblock main %}
""",
    )
    parent = "page.ancestors | first" if new else "page.ancestors[1]"
    argument = "term" if new else "name"
    write(
        root / "templates/page.html",
        """{% extends "base.html" %}
{% block title %}{{ page.title }}{% endblock title %}
{% block head %}<meta name="description" content="{{ page.description }}">
<meta property="og:type" content="article">
<meta property="og:title" content="{{ page.title }}">
<meta property="og:url" content="{{ page.permalink | safe }}">
<meta property="og:description" content="{{ page.description }}">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article","headline":"{{ page.title }}","datePublished":"{{ page.date }}","mainEntityOfPage":"{{ page.permalink | safe }}"}</script>{% endblock head %}
{% block main %}{% set parent = get_section(path=PARENT, metadata_only=true) %}<article><h1>{{ page.title }}</h1>
<nav aria-label="Breadcrumb"><a href="/">Home</a> / <a href="{{ parent.permalink | safe }}">{{ parent.title }}</a></nav>
<time datetime="{{ page.date }}">{{ page.date | date(format="%-d %B %Y") }}</time>
<ul>{% for t in page.taxonomies.tags %}<li><a href="{{ get_taxonomy_url(kind="tags", ARGUMENT=t) | safe }}">{{ t }}</a></li>{% endfor %}</ul>
{{ page.content | safe }}
<nav>{% if page.lower %}<a href="{{ page.lower.permalink | safe }}">{{ page.lower.title }}</a>{% endif %}{% if page.higher %}<a href="{{ page.higher.permalink | safe }}">{{ page.higher.title }}</a>{% endif %}</nav></article>{% endblock main %}
""".replace("PARENT", parent).replace("ARGUMENT", argument),
    )
    write(
        root / "templates/404.html",
        """{% extends "base.html" %}
{% block title %}Not found{% endblock title %}
{% block main %}<h1>Not found</h1>{% endblock main %}
""",
    )
    write(root / "templates/robots.txt", f"User-agent: *\nAllow: /\n\nSitemap: {BASE}/sitemap.xml\n")
    write(
        root / "templates/rss.xml",
        """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>{% if term %}{{ term.name }}{% elif section %}{{ section.title }}{% else %}{{ config.title }}{% endif %}</title><link>{{ feed_url | safe }}</link><description>Bench</description>
{% for p in pages %}<item><title>{{ p.title }}</title><link>{{ p.permalink | safe }}</link><guid>{{ p.permalink | safe }}</guid><pubDate>{{ p.date | date(format="%a, %d %b %Y %H:%M:%S %z") }}</pubDate>{% for t in p.taxonomies.tags %}<category>{{ t }}</category>{% endfor %}<description>{{ p.description }}</description></item>
{% endfor %}</channel></rss>
""",
    )
