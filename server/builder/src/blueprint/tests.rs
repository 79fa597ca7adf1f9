use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// The themes there are, by what they declare themselves.
fn themes() -> Themes {
    let mut themes = Themes::default();
    for entry in std::fs::read_dir(folder("themes")).unwrap() {
        let path = entry.unwrap().path();
        if let Ok(file) = std::fs::read_to_string(path.join("theme.toml")) {
            themes.add(path.file_name().unwrap().to_str().unwrap(), &file).unwrap();
        }
    }
    themes
}

fn blog() -> &'static str {
    builtin().iter().find(|(name, _)| *name == "blog").unwrap().1
}

/// The blog's file with a part exchanged.
fn changed(from: &str, to: &str) -> String {
    assert!(blog().contains(from), "the file has no {from:?}");
    blog().replacen(from, to, 1)
}

fn mistakes(text: &str) -> Vec<Mistake> {
    Blueprint::parse(text, Some(&themes())).err().unwrap_or_default()
}

fn told(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
}

#[test]
fn the_built_in_files_are_right() {
    let names: Vec<&str> = builtin().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["blog", "company", "ecommerce"]);
    for (name, text) in builtin() {
        let blueprint =
            Blueprint::parse(text, Some(&themes())).unwrap_or_else(|all| panic!("{name}.toml\n{}", told(&all)));
        assert_eq!(blueprint.key, *name, "a file is called as its key");
        assert!(
            text.starts_with("#:schema ./schema.json\n"),
            "{name}.toml tells editors its schema"
        );
        // What is stored in the database is what was read.
        let stored = serde_json::to_value(&blueprint).unwrap();
        assert_eq!(serde_json::from_value::<Blueprint>(stored).unwrap(), blueprint);
        assert_eq!(
            toml::from_str::<Blueprint>(text).unwrap(),
            blueprint,
            "serde reads the same"
        );
    }
}

#[test]
fn the_schema_file_is_current() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    let file = folder("blueprints/schema.json");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == text, "run the tests with UPDATE_GENERATED=1");
}

/// Whether a file is as the schema says, judged by somebody else.
fn fits_schema(text: &str) -> bool {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("schema.json", schema()).unwrap();
    let schema = compiler.compile("schema.json", &mut schemas).unwrap();
    let value: Value = toml::from_str(text).unwrap();
    schemas.validate(&value, schema).is_ok()
}

#[test]
fn editors_and_the_reader_agree_on_what_stands_there() {
    for (name, text) in builtin() {
        assert!(fits_schema(text), "{name}");
    }
    for (from, to) in [
        ("key = \"blog\"\nversion", "version"),
        ("version = 1", "version = \"1\""),
        ("version = 1", "version = 0"),
        ("site_type = \"blog\"", "site_type = \"forum\""),
        ("type = \"hero\"", "type = \"heroe\""),
        ("hierarchical = true", "hierachical = true"),
        ("required = true", "required = \"yes\""),
        ("title = { en = \"{site}\" }", "title = { de = \"{site}\" }"),
        ("title = { en = \"{site}\" }", "title = \"{site}\""),
        ("links = [\"blog\", \"about\"]", "links = \"blog\""),
        ("of = [\"post\"]", "of = [\"posts\"]"),
        ("options = { layout", "options = { more = [], layout"),
        ("least = 1", "least = 1.5"),
    ] {
        let text = changed(from, to);
        assert!(!fits_schema(&text), "the schema takes {to:?}");
        assert!(!mistakes(&text).is_empty(), "the reader takes {to:?}");
    }
}

#[test]
fn each_mistake_is_told_with_its_place_and_a_way_to_mend_it() {
    use Code::*;
    for (from, to, code, place, mend) in [
        ("version = 1", "version = ", Syntax, "", "toml.io"),
        ("version = 1", "version = 1\nversion = 2", Syntax, "", "toml.io"),
        ("version = 1\n", "", MissingKey, "", "add it"),
        ("version = 1", "version = true", WrongType, "version", "a number"),
        ("version = 1", "version = 1001", WrongValue, "version", "from 1 to 1000"),
        (
            "site_type = \"blog\"",
            "site_type = \"blogg\"",
            WrongValue,
            "site_type",
            "write \"blog\"",
        ),
        (
            "site_type = \"blog\"",
            "site_type = \"forum\"",
            WrongValue,
            "site_type",
            "blog, ecommerce, company",
        ),
        (
            "required = true\nof",
            "requird = true\nof",
            UnknownKey,
            "taxonomies[categories]",
            "write `required`",
        ),
        (
            "key = \"hub\"",
            "key = \"the hub\"",
            WrongValue,
            "pages[the hub].key",
            "hyphens",
        ),
        (
            "key = \"about\"",
            "key = \"contact\"",
            Twice,
            "pages[contact].key",
            "another key",
        ),
        (
            "kind = \"blog_tag\"",
            "kind = \"blog_category\"",
            Twice,
            "taxonomies[tags].kind",
            "another",
        ),
        (
            "kind = \"blog_tag\"",
            "kind = \"product_tag\"",
            Incomplete,
            "taxonomies",
            "[[taxonomies]]",
        ),
        (
            "url = \"/about/\"",
            "url = \"/about\"",
            WrongAddress,
            "pages[about].url",
            "between slashes",
        ),
        (
            "url = \"/about/\"",
            "url = \"/contact/\"",
            Twice,
            "pages[contact].url",
            "another",
        ),
        (
            "url = \"/blog/{slug}/\"",
            "url = \"/blog/text/\"",
            WrongAddress,
            "pages[post].url",
            "{slug}",
        ),
        (
            "url = \"/blog/category/\"",
            "url = \"/\"",
            WrongAddress,
            "taxonomies[categories].url",
            "folder",
        ),
        (
            "parent = [\"hub\", \"category\"",
            "parent = [\"hubb\", \"category\"",
            UnknownName,
            "pages[post].parent",
            "write \"hub\"",
        ),
        (
            "{ page = \"hub\", limit = 4 }",
            "{ page = \"topics\" }",
            UnknownName,
            "menus[main].items[topics].page",
            "one of",
        ),
        (
            "{ page = \"about\" },\n  { page = \"contact\" },\n]",
            "{ page = \"about\", limit = 3 },\n]",
            Contradiction,
            "menus[main].items[about].limit",
            "limit out",
        ),
        ("place = \"main\"", "place = \"footer\"", Incomplete, "menus", "main"),
        (
            "from = \"post\"\nto = \"hub\"",
            "from = \"blog\"\nto = \"hub\"",
            Contradiction,
            "links[1].from",
            "another kind",
        ),
        (
            "least = 1\nmost = 12",
            "least = 13\nmost = 12",
            Contradiction,
            "links[2].most",
            "13 or more",
        ),
        (
            "rule = \"hub_page\"",
            "rule = \"tree\"",
            Twice,
            "coverage[tree].rule",
            "another",
        ),
        (
            "rule = \"hub_page\"",
            "rule = \"hub_pages\"",
            WrongValue,
            "coverage[hub_pages].rule",
            "write \"hub_page\"",
        ),
        (
            "rule = \"hub_page\"\nlevel = \"must\"",
            "rule = \"hub_page\"\nlevel = \"must\"\nleast = 2",
            Contradiction,
            "coverage[hub_page].least",
            "take it out",
        ),
        (
            "About {site}",
            "About {sites}",
            WrongPattern,
            "pages[about].title.en",
            "{site}",
        ),
        (
            "About {site}",
            "About {keyword}",
            WrongPattern,
            "pages[about].title.en",
            "possible here",
        ),
        (
            "About {site}",
            "About {site",
            WrongPattern,
            "pages[about].title.en",
            "pairs of brackets",
        ),
        (
            "type = \"about\"",
            "type = \"post\"",
            Contradiction,
            "pages[about].for",
            "\"hub\"",
        ),
        (
            "schema = \"AboutPage\"",
            "schema = \"Article\"",
            Contradiction,
            "pages[about].seo.schema",
            "AboutPage",
        ),
        (
            "variant = \"rows\"",
            "variant = \"row\"",
            WrongValue,
            "blocks[How texts are made].variant",
            "grid, rows, steps",
        ),
        (
            "type = \"text\"\nname = \"Who",
            "type = \"hero\"\nname = \"Who",
            Contradiction,
            "blocks[Who writes]",
            "first",
        ),
        (
            "items = 4",
            "limit = 4",
            Contradiction,
            "blocks[How texts are made].limit",
            "take it out",
        ),
        (
            "kind = \"honeypot\"",
            "kind = \"select\"",
            Incomplete,
            "fields[website]",
            "options",
        ),
        (
            "name = \"ember\"",
            "name = \"embers\"",
            Theme,
            "theme.name",
            "write \"ember\"",
        ),
        (
            "layout = \"magazine\"",
            "layout = \"wide\"",
            Theme,
            "theme.options.layout",
            "default, minimal",
        ),
        ("drop_cap", "dropcap", Theme, "theme.options", "write `drop_cap`"),
        (
            "type = \"home\"",
            "type = \"custom\"",
            Incomplete,
            "pages",
            "type = \"home\"",
        ),
        (
            "for = [\"supporting\"]\nname = \"Text\"",
            "for = []\nname = \"Text\"",
            Incomplete,
            "pages[post].for",
            "[\"site\"]",
        ),
        (
            "for = [\"hub\"]",
            "for = [\"supporting\"]",
            Incomplete,
            "pages",
            "for = [\"hub\"]",
        ),
        (
            "seo = { schema = \"WebPage\", hidden = true }",
            "parent = [\"hub\"]\nseo = { schema = \"WebPage\" }",
            Contradiction,
            "pages[privacy].parent",
            "one of",
        ),
    ] {
        let text = changed(from, to);
        let all = mistakes(&text);
        let found = all
            .iter()
            .find(|mistake| mistake.code == code && mistake.place.ends_with(place));
        let Some(found) = found else {
            panic!("{to:?}: no {code:?} at {place:?} among\n{}", told(&all));
        };
        assert!(found.mend.contains(mend), "{to:?}: {found}");
        // The place is where the change was made, unless it is about something that is not there.
        let line = blog()[..blog().find(from).unwrap()].matches('\n').count() + 1;
        let length = to.matches('\n').count();
        if !matches!(code, Incomplete | MissingKey | Twice) {
            assert!(
                (line - 1..=line + length + 1).contains(&found.line),
                "{to:?} is in line {line}: {found}"
            );
        }
    }
}

#[test]
fn a_page_below_itself_is_told() {
    let text = changed("key = \"about\"", "parent = [\"contact\"]\nkey = \"about\"");
    let text = text.replacen("key = \"contact\"", "parent = [\"about\"]\nkey = \"contact\"", 1);
    let all = mistakes(&text);
    assert_eq!(all.len(), 2, "{}", told(&all));
    assert!(all.iter().all(|mistake| mistake.message.contains("below itself")));
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = blog()
        .replacen("version = 1", "version = \"one\"", 1)
        .replacen("variant = \"center\"", "variant = \"middle\"", 1)
        .replacen("type = \"about\"", "type = \"abuot\"", 1)
        .replacen("links = [\"contact\"]", "links = [\"contcat\"]", 1)
        .replacen("to = \"hub\"", "to = \"hubs\"", 1)
        .replacen("rule = \"tree\"", "rule = \"trees\"", 1)
        .replacen("masthead = \"center\"", "masthead = \"centre\"", 1);
    let all = mistakes(&text);
    let places: Vec<&str> = all.iter().map(|mistake| mistake.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "version",
            "theme.options.masthead",
            "pages[home].blocks[Opening].variant",
            "pages[about].type",
            "pages[about].blocks[Get in touch].links",
            "links[1].to",
            "coverage[trees].rule",
        ],
        "{}",
        told(&all)
    );
    assert!(all.iter().map(|mistake| mistake.line).is_sorted());
    let first = all[0].to_string();
    assert_eq!(
        first,
        "5:11: version: a text stands where a number is wanted; write a number"
    );
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let text = "#".repeat(MAX_BYTES + 1);
    assert_eq!(mistakes(&text).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_is_too_broken_to_be_told_about(cuts in prop::collection::vec((0usize..20_000, 0usize..60, "[\\PC\n]{0,12}"), 1..4)) {
        let mut text = blog().to_owned();
        for (at, length, with) in cuts {
            let start = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (start + length).min(text.len());
            let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            text.replace_range(start..end, &with);
        }
        let lines = text.matches('\n').count() + 1;
        for mistake in mistakes(&text) {
            prop_assert!(mistake.line >= 1 && mistake.line <= lines);
            prop_assert!(mistake.column >= 1 && !mistake.message.is_empty() && !mistake.mend.is_empty());
        }
    }
}
