use super::*;

/// A site that leaves every link to the body.
impl Whole for () {
    fn fits(&mut self, _: &Link) -> Result<(), Refusal> {
        Ok(())
    }

    fn put(&mut self, _: &Link) {}
}

pub(super) fn apply(source: &str, format: Format, links: &[Link], rules: &Rules) -> Applied {
    super::apply(source, format, links, rules, &mut ())
}

pub(super) fn link(href: &str, anchor: &str) -> Link {
    Link {
        href: href.to_owned(),
        anchor: anchor.to_owned(),
        at: None,
    }
}

/// Rules for short texts.
pub(super) fn loose() -> Rules {
    Rules {
        words_per_link: 1,
        ..Rules::default()
    }
}

#[test]
fn a_link_goes_around_its_words_and_comes_off_again() {
    for (source, format, want) in [
        (
            "Use a burr grinder daily.",
            Format::Markdown,
            "Use a [burr grinder](/grinder/) daily.",
        ),
        (
            "# burr grinder\n\nA **burr grinder** is.",
            Format::Markdown,
            "# burr grinder\n\nA **[burr grinder](/grinder/)** is.",
        ),
        (
            "<h2>burr grinder</h2>\n<p>A burr grinder&nbsp;is",
            Format::Html,
            "<h2>burr grinder</h2>\n<p>A <a href=\"/grinder/\">burr grinder</a>&nbsp;is",
        ),
        (
            "A burr\ngrinder is",
            Format::Markdown,
            "A [burr\ngrinder](/grinder/) is",
        ),
    ] {
        let applied = apply(source, format, &[link("/grinder/", "burr grinder")], &loose());
        assert_eq!(applied.body, want);
        assert_eq!(applied.places, [0]);
        let mark = Insertion::mark(&applied.inserted[0].href, format);
        assert!(applied.body.contains(&mark) && !source.contains(&mark), "{mark}");
        assert_eq!(undo(&applied.body, format, &applied.inserted).body, source);
        let again = apply(&applied.body, format, &[link("/grinder/", "burr grinder")], &loose());
        assert_eq!(again.body, applied.body);
        assert_eq!(again.refused, [(0, Refusal::AlreadyLinked)]);
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_the_reason() {
    let long = "One two three four five. ".repeat(30);
    for (source, links, rules, want) in [
        (
            "A burr grinder.",
            vec![link("/g/", "burr grinder")],
            Rules::default(),
            Refusal::TooMany,
        ),
        (
            "A burr grinder.",
            vec![link("/own", "burr grinder")],
            Rules {
                path: "/own/".into(),
                ..loose()
            },
            Refusal::OwnPage,
        ),
        (
            "A burr grinder.",
            vec![link("/g", "burr grinder")],
            Rules {
                do_not_link: vec!["/g/".into()],
                ..loose()
            },
            Refusal::DoNotLink,
        ),
        (
            "A burr grinder.",
            vec![link("https://other.example/", "burr grinder")],
            loose(),
            Refusal::BadAddress,
        ),
        (
            "A burr grinder.",
            vec![link("javascript:alert(1)", "burr grinder")],
            loose(),
            Refusal::BadAddress,
        ),
        (
            "`burr grinder`",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::NotFound,
        ),
        (
            "A burr grinder.",
            vec![link("/g/", "burr grinder")],
            Rules {
                linked: vec!["../g".into()],
                path: "/own/".into(),
                ..loose()
            },
            Refusal::AlreadyLinked,
        ),
        (
            "A burr grinder and [more](/m).",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::Crowded,
        ),
        (
            "[more](/m) here. A burr grinder.",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::Crowded,
        ),
        (
            "[a](/a). B. [c](/c). D. E burr grinder.",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::ParagraphFull,
        ),
        (
            "A [grinder](/g/). B. C burr grinder.",
            vec![link("/g", "burr grinder")],
            loose(),
            Refusal::AlreadyLinked,
        ),
        (
            "A burr grinder.",
            vec![link("/g/", "urr grinde")],
            loose(),
            Refusal::NotWords,
        ),
        (
            "A burr grinder.",
            vec![link("/g/", "grinder")],
            loose(),
            Refusal::AnchorLength,
        ),
        (
            "The burr grinder.",
            vec![link("/g/", "The burr")],
            loose(),
            Refusal::StopWordEdge,
        ),
        (
            "See this blog post.",
            vec![link("/g/", "blog post")],
            loose(),
            Refusal::Generic,
        ),
        (
            "A burr grinder.",
            vec![link("/g/", "burr grinder")],
            Rules {
                own_keyphrases: vec!["burr grinders".into()],
                ..loose()
            },
            Refusal::OwnKeyphrase,
        ),
        (
            "Great!Burr grinder.",
            vec![link("/g/", "Burr grinder")],
            loose(),
            Refusal::WouldChangeText,
        ),
        (
            "水**burr grinder** x",
            vec![link("/g/", "burr grinder")],
            loose(),
            Refusal::WouldChangeText,
        ),
        (
            &long,
            vec![link("/g/", "burr grinder")],
            Rules::default(),
            Refusal::NotFound,
        ),
    ] {
        let applied = apply(source, Format::Markdown, &links, &rules);
        assert_eq!(applied.refused, [(0, want)], "{source}");
        assert_eq!(applied.body, source);
        assert!(!want.message().is_empty());
    }
}

#[test]
fn there_are_never_more_links_than_the_length_allows() {
    let source = "Fresh beans taste well. It rains. ".repeat(60);
    let body = source.replace("It rains. ", "It rains.\n\n");
    let links: Vec<Link> = (0..20).map(|i| link(&format!("/p{i}/"), "Fresh beans")).collect();
    let applied = apply(&body, Format::Markdown, &links, &Rules::default());
    assert_eq!(applied.inserted.len(), 360 / 100);
}

#[test]
fn undo_takes_one_link_and_leaves_other_changes() {
    let source = "A burr grinder here. Then it rains. A paper filter there.";
    let links = [link("/g/", "burr grinder"), link("/f/", "paper filter")];
    let applied = apply(source, Format::Markdown, &links, &loose());
    assert_eq!(applied.inserted.len(), 2);
    let edited = format!("New first words. {}", applied.body);
    let first = undo(&edited, Format::Markdown, &applied.inserted[..1]);
    assert_eq!(
        first.body,
        "New first words. A burr grinder here. Then it rains. A [paper filter](/f/) there."
    );
    assert!(first.missing.is_empty());
    let again = undo(&first.body, Format::Markdown, &applied.inserted[..1]);
    assert_eq!((again.body, again.missing), (first.body, vec![0]));
}

#[test]
fn the_place_that_was_shown_is_taken_if_it_is_still_there() {
    let source = "A burr grinder. It rains. Another burr grinder.";
    let at = source.rfind("burr");
    let wanted = Link {
        at,
        ..link("/g/", "burr grinder")
    };
    let applied = apply(source, Format::Markdown, std::slice::from_ref(&wanted), &loose());
    assert_eq!(applied.body, "A burr grinder. It rains. Another [burr grinder](/g/).");
    let moved = format!("Before. {source}");
    let applied = apply(&moved, Format::Markdown, &[wanted], &loose());
    assert_eq!(
        applied.body,
        "Before. A [burr grinder](/g/). It rains. Another burr grinder."
    );
}

#[test]
fn addresses_are_written_so_that_they_stay_addresses() {
    for format in [Format::Markdown, Format::Html] {
        for href in [
            "/a(b)c/",
            "/a\"b'c/",
            "/a b/",
            "/a>b<c/",
            "/x?a=1&b=[2]",
            "/ü/",
            "/a|b`c*d\\e",
        ] {
            let applied = apply("A burr grinder.", format, &[link(href, "burr grinder")], &loose());
            assert_eq!(applied.inserted.len(), 1, "{href}");
            let links = body::read(&applied.body, format).links;
            assert_eq!(links.len(), 1);
            assert_eq!(links[0].href, applied.inserted[0].href);
            assert_eq!(undo(&applied.body, format, &applied.inserted).body, "A burr grinder.");
        }
    }
}

#[test]
fn many_links_into_a_large_body_take_no_quadratic_time() {
    let time = std::time::Instant::now();
    let body = "a**burr grinder** b. It rains. ".repeat(30_000);
    let links: Vec<Link> = (0..2_000).map(|i| link(&format!("/p{i}/"), "burr grinder")).collect();
    let applied = apply(&body, Format::Markdown, &links, &loose());
    assert_eq!(applied.inserted.len() + applied.refused.len(), links.len());
    assert!(time.elapsed().as_secs() < 300);
}
