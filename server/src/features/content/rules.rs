//! What content must fulfil to be stored, whoever writes it.

use super::model::{Content, ContentStructure, ContentType, PageRole};
use super::{blocks, entity};
use crate::api::validate::Check;
use crate::features::planner::model::check_attributes;
use crate::features::sites::model::is_language;

/// Bytes of the longest body.
pub const MAX_BODY: usize = 2 << 20;
/// Bytes of `extra`, as JSON.
pub const MAX_EXTRA: usize = 64 << 10;
/// Secondary keywords, questions and answers, images of a gallery.
pub const MAX_PARTS: usize = 50;
/// Terms, old addresses.
pub const MAX_LINKS: usize = 100;

impl Content {
    /// Checks what a request may have set, in the request's own field names. That what it names (cluster, terms, image)
    /// is the site's own is checked by the unit of work ([`super::save`]).
    pub fn check(&self, check: &mut Check) {
        check
            .text("title", &self.title, 1, 200)
            .slug("slug", &self.slug)
            .that(
                is_section(&self.section),
                "section",
                "must be a path such as /blog/, of at most 5 lower-case folders",
            )
            .that(
                is_language(&self.language),
                "language",
                "must be a BCP 47 language tag such as en or pt-BR",
            )
            .that(self.body.len() <= MAX_BODY, "body", "must be at most 2 MiB")
            .that(!self.body.contains('\0'), "body", "must not hold control characters")
            .text("excerpt", &self.excerpt, 0, 1_000)
            .text("seo_title", &self.seo_title, 0, 200)
            .text("meta_description", &self.meta_description, 0, 500)
            .that(
                self.weight.is_none_or(|w| (-1_000_000..=1_000_000).contains(&w)),
                "weight",
                "must be between -1000000 and 1000000",
            );
        for (field, value, most) in [
            ("primary_keyword", &self.primary_keyword, 200),
            ("author", &self.author, 120),
            ("translation_key", &self.translation_key, 200),
            ("source_key", &self.source_key, 500),
            ("source_url", &self.source_url, 2_000),
        ] {
            if let Some(value) = value {
                check.text(field, value, 1, most);
            }
        }
        if let Some(address) = &self.canonical_url {
            check.that(
                is_web_address(address),
                "canonical_url",
                "must be an absolute http or https address",
            );
        }
        let is_page = self.content_type == ContentType::Page;
        check
            .that(
                is_page || self.page_role == PageRole::Page,
                "page_role",
                "must be `page` unless content_type is `page`",
            )
            .that(
                self.page_role != PageRole::Home || self.section == "/",
                "section",
                "must be / for the home page",
            )
            .that(
                self.cluster.is_some() || self.cluster_role.is_none(),
                "cluster_role",
                "needs a cluster",
            );
        self.check_lists(check);
        blocks::check(&self.blocks, check);
        entity::check(&self.entity, self.content_type, check);
        check_attributes(check, &self.attributes);
        let extra = serde_json::to_vec(&self.extra).map_or(0, |text| text.len());
        check.that(
            self.extra.is_object() && extra <= MAX_EXTRA,
            "extra",
            "must be an object of at most 64 KiB",
        );
    }

    fn check_lists(&self, check: &mut Check) {
        for (field, length, most) in [
            ("secondary_keywords", self.secondary_keywords.len(), MAX_PARTS),
            ("faq", self.faq.len(), MAX_PARTS),
            ("terms", self.terms.len(), MAX_LINKS),
            ("aliases", self.aliases.len(), MAX_LINKS),
        ] {
            check.that(length <= most, field, format!("must be at most {most}"));
        }
        for (n, keyword) in self.secondary_keywords.iter().take(MAX_PARTS).enumerate() {
            check.text(&format!("secondary_keywords.{n}"), keyword, 1, 200);
        }
        for (n, faq) in self.faq.iter().take(MAX_PARTS).enumerate() {
            check.text(&format!("faq.{n}.question"), &faq.question, 1, 300).text(
                &format!("faq.{n}.answer"),
                &faq.answer,
                1,
                5_000,
            );
        }
        for (n, alias) in self.aliases.iter().take(MAX_LINKS).enumerate() {
            check.that(
                is_site_path(alias),
                &format!("aliases.{n}"),
                "must be a path on the site such as /old/address/",
            );
        }
    }
}

/// The one type whose content is built so, with its name; none for what any type may be.
fn only_type(structure: ContentStructure) -> Option<(ContentType, &'static str)> {
    use ContentStructure as S;
    match structure {
        S::ProductPage => Some((ContentType::Product, "product")),
        S::ServicePage => Some((ContentType::Service, "service")),
        S::CategoryArchive | S::TagArchive | S::AttributeArchive => Some((ContentType::Taxonomy, "taxonomy")),
        S::Article
        | S::Guide
        | S::Comparison
        | S::Review
        | S::Listicle
        | S::LandingPage
        | S::BusinessPage
        | S::General
        | S::ClusterHub => None,
    }
}

/// Checks that content of a type can be built so. Asked of what somebody chooses, not of what is stored already.
pub fn check_structure(check: &mut Check, content_type: ContentType, structure: ContentStructure) {
    let Some((only, name)) = only_type(structure) else {
        return;
    };
    check.that(
        only == content_type,
        "content_structure",
        format!("is for the content_type `{name}` alone; choose another one, or that type"),
    );
}

/// Whether a text is `/`, or folders with a slash around each: `/blog/`, `/docs/v1.2/`.
pub fn is_section(path: &str) -> bool {
    let Some(inside) = path.strip_prefix('/') else {
        return false;
    };
    if inside.is_empty() {
        return true;
    }
    path.len() <= 200
        && inside
            .strip_suffix('/')
            .is_some_and(|folders| folders.split('/').count() <= 5 && folders.split('/').all(is_folder))
}

fn is_folder(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphanumeric())
        && name.ends_with(|c: char| c.is_alphanumeric() || c == '_')
        && !name.contains("..")
        && name
            .chars()
            .all(|c| matches!(c, '-' | '_' | '.') || (c.is_alphanumeric() && !c.is_uppercase()))
}

/// Whether a text is an address below the site's root that a visitor could have asked for, without query and fragment.
pub fn is_site_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 500
        && path != "/"
        && !path.contains("//")
        && !path.split('/').any(|part| matches!(part, "." | ".."))
        && !path
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '?' | '#' | '"' | '<' | '>'))
}

fn is_web_address(text: &str) -> bool {
    text.len() <= 2_000
        && url::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.password().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections() {
        for good in ["/", "/blog/", "/docs/v1.2/", "/a_b/", "/journal/été/"] {
            assert!(is_section(good), "{good}");
        }
        for bad in [
            "",
            "blog",
            "/blog",
            "blog/",
            "//",
            "/a//b/",
            "/../",
            "/./",
            "/.git/",
            "/A/",
            "/a b/",
            "/a/b/c/d/e/f/",
            "/a\\b/",
            "/a\0/",
            "/%2e/",
            "/-/",
            "/a../",
        ] {
            assert!(!is_section(bad), "{bad:?}");
        }
    }

    #[test]
    fn structures_of_types() {
        use ContentStructure as S;
        use ContentType as T;
        for (content_type, structure, fits) in [
            (T::Post, S::ProductPage, false),
            (T::Product, S::ProductPage, true),
            (T::Page, S::ServicePage, false),
            (T::Service, S::ServicePage, true),
            (T::Post, S::CategoryArchive, false),
            (T::Taxonomy, S::AttributeArchive, true),
            (T::Page, S::Guide, true),
            (T::Service, S::LandingPage, true),
            (T::Product, S::General, true),
        ] {
            let mut check = Check::new();
            check_structure(&mut check, content_type, structure);
            assert_eq!(check.finish().is_ok(), fits, "{content_type:?} {structure:?}");
        }
        for content_type in [T::Post, T::Page, T::Product, T::Service, T::Taxonomy] {
            let mut check = Check::new();
            check_structure(&mut check, content_type, content_type.default_structure());
            assert!(check.finish().is_ok(), "{content_type:?}");
        }
    }

    #[test]
    fn paths_on_the_site() {
        for good in ["/old", "/old/", "/2015/05/Rust-1.0.html", "/café/"] {
            assert!(is_site_path(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "old",
            "//evil.example",
            "/a//b",
            "/../x",
            "/a/..",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\\b",
            "/\n",
            "https://x/",
        ] {
            assert!(!is_site_path(bad), "{bad:?}");
        }
    }

    #[test]
    fn web_addresses() {
        assert!(is_web_address("https://example.com/a?b=c"));
        for bad in [
            "javascript:alert(1)",
            "/a",
            "ftp://example.com/",
            "https://",
            "https://u:p@example.com/",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }
}
