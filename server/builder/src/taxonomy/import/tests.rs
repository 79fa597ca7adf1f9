use std::fmt::Write as _;

use igny8_text::is_slug;
use proptest::prelude::*;

use super::*;
use crate::names::Choice as _;
use crate::sitemap::tests::term;

fn import(text: &str, kind: Option<TaxonomyKind>) -> Import {
    read(
        text.as_bytes(),
        &Options {
            kind,
            ..Options::default()
        },
    )
    .unwrap_or_else(|problem| panic!("{problem}"))
}

/// The terms as a tree, with the problems.
fn drawn(import: &Import) -> String {
    let mut out = String::new();
    let mut depths: Vec<usize> = Vec::new();
    for term in &import.terms {
        let depth = term.parent.map_or(0, |above| depths[above] + 1);
        depths.push(depth);
        let _ = write!(
            out,
            "{}{} {} ({})",
            "  ".repeat(depth),
            term.kind.word(),
            term.name,
            term.slug
        );
        if term.count > 0 {
            let _ = write!(out, " ×{}", term.count);
        }
        out.push('\n');
    }
    for problem in &import.problems {
        let _ = writeln!(out, "{}: {}: {}", problem.line, problem.code.word(), problem.message);
    }
    out
}

fn expect(text: &str, kind: Option<TaxonomyKind>, expected: &str) {
    let import = import(text, kind);
    let lines: Vec<&str> = expected
        .lines()
        .map(|line| line.strip_prefix("        ").unwrap_or(line))
        .collect();
    assert_eq!(drawn(&import).trim_end(), lines.join("\n").trim(), "{text}");
}

#[test]
fn wordpress_tables_of_terms() {
    crate::names::check::<RowProblemCode>();
    // `wp term list category --format=csv`: parents by id, names with HTML's codes.
    expect(
        "term_id,term_taxonomy_id,name,slug,description,parent,count\n\
         12,12,Spokes,spokes,,3,4\n\
         1,1,Uncategorized,uncategorized,,0,0\n\
         3,3,Wheels &amp; Tyres,wheels-tyres,\"Round, mostly\",0,9\n",
        Some(TaxonomyKind::BlogCategory),
        "
        blog_category Wheels & Tyres (wheels-tyres) ×9
          blog_category Spokes (spokes) ×4
        blog_category Uncategorized (uncategorized)",
    );
    // Several taxonomies in one table, parents by slug and by name; attributes have their property above them.
    expect(
        "Term ID,Term Name,Term Slug,Taxonomy,Parent Slug\n\
         1,Boots,boots,product_cat,\n\
         2,Hiking boots,hiking-boots,product_cat,boots\n\
         3,Sale,sale,product_tag,\n\
         4,Red,red,pa_shoe-colour,\n\
         5,News,news,category,\n\
         6,Other,other,genre,\n",
        None,
        "
        product_category Boots (boots)
          product_category Hiking boots (hiking-boots)
        product_tag Sale (sale)
        product_attribute Shoe colour (shoe-colour)
          product_attribute Red (red)
        blog_category News (news)
        7: unknown_taxonomy: there is no taxonomy \"genre\"; choose one for the file, or write blog_category, product_category and the like",
    );
}

#[test]
fn woocommerce_and_shopify_products() {
    expect(
        "ID,Type,SKU,Name,Description,Parent,Categories,Tags,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,Attribute 2 name,Attribute 2 value(s)\n\
         1,variable,A,Boot,A boot,,\"Clothing > Boots, Sale\",\"winter, leather\",Colour,\"Red, Blue\",1,Size,\"41, 42\"\n\
         2,variation,A-1,Boot red,,id:1,,,Colour,Red,,Size,41\n\
         3,simple,B,\"Hat\",,,\"Clothing > Hats\\, caps\",winter,,,,,\n",
        None,
        "
        product_category Clothing (clothing)
          product_category Boots (boots) ×1
        product_category Sale (sale) ×1
        product_tag winter (winter) ×2
        product_tag leather (leather) ×1
        product_attribute Colour (colour)
          product_attribute Red (red) ×2
          product_attribute Blue (blue) ×1
        product_attribute Size (size)
          product_attribute 41 (41) ×2
          product_attribute 42 (42) ×1
          product_category Hats, caps (hats-caps) ×1",
    );
    expect(
        "Handle,Title,Vendor,Product Category,Tags,Option1 Name,Option1 Value,Variant SKU\n\
         mug,Mug,Acme,Home > Kitchen,\"gift, blue\",Colour,Blue,M1\n\
         mug,,,,,,White,M2\n\
         book,Book,Acme,Media,,Title,Default Title,B1\n",
        None,
        "
        product_attribute Brand (brand)
          product_attribute Acme (acme) ×2
        product_category Home (home)
          product_category Kitchen (kitchen) ×1
        product_tag gift (gift) ×1
        product_tag blue (blue) ×1
        product_attribute Colour (colour)
          product_attribute Blue (blue) ×1
          product_attribute White (white) ×1
        product_category Media (media) ×1",
    );
}

#[test]
fn tables_made_by_hand() {
    expect(
        "Kategorie;Übergeordnete Kategorie\nHosen;Kleidung\nKleidung;\nJeans;Hosen\n",
        Some(TaxonomyKind::ProductCategory),
        "
        product_category Kleidung (kleidung)
          product_category Hosen (hosen)
            product_category Jeans (jeans)",
    );
    expect(
        "Repairs\nInstallation\nrepairs\n",
        Some(TaxonomyKind::ServiceCategory),
        "
        service_category Repairs (repairs)
        service_category Installation (installation)",
    );
    expect(
        "Path\nA > B > C\nA > D\n",
        Some(TaxonomyKind::BlogCategory),
        "
        blog_category A (a)
          blog_category B (b)
            blog_category C (c)
          blog_category D (d)",
    );
    expect(
        "Title,Content,Categories,Tags\nOne,Text,Advice|News,\"a, b\"\nTwo,Text,News,b\n",
        None,
        "
        blog_category Advice (advice) ×1
        blog_category News (news) ×2
        blog_tag a (a) ×1
        blog_tag b (b) ×2",
    );
}

#[test]
fn wrong_rows_are_told_and_the_rest_goes_in() {
    let long = "x".repeat(121);
    let mut text = format!("name,slug,parent\nA,a,b\nB,b,a\nC,c,nowhere\n,d,\n{long},e,\nA,a,b\nF,f,f\n");
    for n in 0..12 {
        let _ = writeln!(
            text,
            "L{n},l{n},{}",
            if n == 0 { String::new() } else { format!("l{}", n - 1) }
        );
    }
    let import = import(&text, Some(TaxonomyKind::BlogCategory));
    let codes: Vec<(u64, &str)> = import
        .problems
        .iter()
        .map(|problem| (problem.line, problem.code.word()))
        .collect();
    assert_eq!(
        codes,
        [
            (2, "circle"),
            (3, "circle"),
            (4, "unknown_parent"),
            (5, "no_name"),
            (6, "long_name"),
            (7, "twice"),
            (8, "circle"),
            (19, "deep")
        ]
    );
    assert_eq!((import.rows, import.terms.len()), (19, 16));
    assert!(import.terms.iter().take(3).all(|term| term.parent.is_none()));
}

#[test]
fn values_of_two_properties_can_be_called_the_same() {
    expect(
        "SKU,Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s)\n1,Frame,Black,Saddle,Black\n",
        None,
        "
        product_attribute Frame (frame)
          product_attribute Black (black) ×1
        product_attribute Saddle (saddle)
          product_attribute Black (saddle-black) ×1",
    );
}

#[test]
fn what_is_there_is_known_again() {
    let there = [
        term(TaxonomyKind::BlogCategory, "Wheels", &[]),
        Term {
            slug: "bremsen".to_owned(),
            ..term(TaxonomyKind::BlogCategory, "Brakes", &[])
        },
        term(TaxonomyKind::BlogTag, "Noises", &[]),
    ];
    let options = Options {
        kind: Some(TaxonomyKind::BlogCategory),
        existing: &there,
        language: "en",
    };
    let text = "name,slug\nwheels,\nStop,bremsen\nNoises,\nWHEELS again,wheels\n";
    let import = read(text.as_bytes(), &options).unwrap();
    let known: Vec<Option<&str>> = import.terms.iter().map(|term| term.existing.as_deref()).collect();
    assert_eq!(
        known,
        [Some("blog_category-wheels"), Some("blog_category-brakes"), None, None]
    );
    assert_eq!(import.terms[3].slug, "wheels-2", "one term cannot be two");
    // A second import of what was made of the first has nothing new.
    let made: Vec<Term> = import
        .terms
        .iter()
        .map(|term| Term {
            id: term.slug.clone(),
            kind: term.kind,
            name: term.name.clone(),
            slug: term.slug.clone(),
            parent: None,
            clusters: Vec::new(),
        })
        .collect();
    let text = "name\nwheels\nStop\nNoises\nWHEELS again\n";
    let again = read(
        text.as_bytes(),
        &Options {
            existing: &made,
            ..options
        },
    );
    assert!(again.unwrap().terms.iter().all(|term| term.existing.is_some()));
}

#[test]
fn files_that_hold_no_terms_say_so() {
    let options = Options::default();
    for (text, part) in [
        ("", "empty"),
        ("Colour,Size\nred,4\n", "columns: \"Colour\", \"Size\""),
        ("<?xml version=\"1.0\"?><rss></rss>", "XML"),
        ("{\"terms\": []}", "CSV"),
    ] {
        let problem = read(text.as_bytes(), &options).unwrap_err().to_string();
        assert!(problem.contains(part), "{problem}");
    }
    assert_eq!(read(&vec![b'a'; MAX_BYTES + 1], &options), Err(FileProblem::TooLarge));
    let uses = import("ID,Name,Colour\n1,A,red\n", Some(TaxonomyKind::BlogTag)).columns;
    let uses: Vec<Option<&str>> = uses.iter().map(|of| of.used_for).collect();
    assert_eq!(uses, [Some("id"), Some("name"), None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_file_is_too_odd(
        header in prop::sample::select(vec![
            "name,slug,parent", "Path", "Categories,Tags,SKU", "Attribute 1 name,Attribute 1 value(s)", "term_id,name,parent,taxonomy",
        ]),
        rows in prop::collection::vec(prop::collection::vec("[a-d >,|\\\\\"é🦀0-3]{0,12}", 1..4), 0..12),
    ) {
        let body: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
        let text = format!("{header}\n{}\n", body.join("\n"));
        let options = Options { kind: Some(TaxonomyKind::BlogCategory), ..Options::default() };
        let Ok(import) = read(text.as_bytes(), &options) else { return Ok(()) };
        let mut slugs = std::collections::HashSet::new();
        let mut depths: Vec<usize> = Vec::new();
        for (at, term) in import.terms.iter().enumerate() {
            prop_assert!(term.parent.is_none_or(|above| above < at), "parents come first");
            prop_assert!(term.parent.is_none_or(|above| import.terms[above].kind == term.kind));
            prop_assert!(slugs.insert((term.kind, term.slug.clone())) && is_slug(&term.slug), "{:?}", term);
            prop_assert!(!term.name.trim().is_empty());
            depths.push(term.parent.map_or(0, |above| depths[above] + 1));
            prop_assert!(depths[at] < super::super::MAX_DEPTH);
        }
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &Options { kind: Some(TaxonomyKind::BlogTag), ..Options::default() });
    }
}
