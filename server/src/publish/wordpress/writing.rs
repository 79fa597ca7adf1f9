//! What is about to be written to a post, so that it is known for ours where the answer is lost: the next look at the post tells
//! it from what people wrote.

use chrono::{DateTime, SubsecRound, Utc};
use igny8_wordpress::{Post, PostFields, PostPart, SEO_KEYS, Taxonomy};

use crate::publish::publisher::Writing;

/// Seconds from an attempt within which a slug that it wrote is ours, whatever number WordPress put behind it.
const SOON: i64 = 60;

/// The hash of a post ([`Post::hash`]) once fields are written: of the parts that they are in, and nothing for the others.
pub(super) fn mark(post: &Post, fields: &PostFields, taxonomies: &[Taxonomy]) -> String {
    let written = parts(post, fields);
    let hash = with(post, fields).hash(taxonomies);
    let marks = hash.split('.').zip(PostPart::ALL);
    let marks = marks.map(|(mark, part)| if written.contains(&part) { mark } else { "" });
    marks.collect::<Vec<_>>().join(".")
}

/// The parts of a post that fields are in.
fn parts(post: &Post, fields: &PostFields) -> Vec<PostPart> {
    let is_shown = |status: &String| !matches!(status.as_str(), "draft" | "pending" | "trash");
    // What is published without a slug gets one.
    let gets_slug = post.slug.is_empty() && fields.status.as_ref().is_some_and(is_shown);
    let shows_another = fields.password.is_some() || fields.template.is_some();
    let shows_another = shows_another || fields.format.is_some() || fields.sticky.is_some();
    let is_seo = |key: &String| SEO_KEYS.iter().flatten().any(|known| known == key);
    let is_written = |part: &PostPart| match part {
        PostPart::Title => fields.title.is_some(),
        PostPart::Content => fields.content.is_some(),
        PostPart::Excerpt => fields.excerpt.is_some(),
        PostPart::Slug => fields.slug.is_some() || gets_slug,
        PostPart::Status => fields.status.is_some() || fields.date_gmt.is_some(),
        PostPart::Author => fields.author.is_some(),
        PostPart::Image => fields.featured_media.is_some(),
        PostPart::Place => fields.parent.is_some() || fields.menu_order.is_some(),
        PostPart::Showing => shows_another,
        PostPart::Terms => !fields.terms.is_empty(),
        PostPart::Seo => fields.meta.keys().any(is_seo),
        PostPart::Meta => fields.meta.keys().any(|key| !is_seo(key)),
    };
    PostPart::ALL.into_iter().filter(is_written).collect()
}

/// A post with fields written to it as they are.
fn with(post: &Post, fields: &PostFields) -> Post {
    let text = |field: &Option<String>, there: &String| field.as_ref().unwrap_or(there).clone();
    let mut after = post.clone();
    after.title = text(&fields.title, &post.title);
    after.content = text(&fields.content, &post.content);
    after.excerpt = text(&fields.excerpt, &post.excerpt);
    after.slug = text(&fields.slug, &post.slug);
    after.status = text(&fields.status, &post.status);
    after.password = text(&fields.password, &post.password);
    after.template = text(&fields.template, &post.template);
    after.format = text(&fields.format, &post.format);
    after.sticky = fields.sticky.unwrap_or(post.sticky);
    // Sent, and kept there, in whole seconds.
    after.date_gmt = fields.date_gmt.map(|date| date.trunc_subsecs(0)).or(post.date_gmt);
    after.author = fields.author.unwrap_or(post.author);
    after.featured_media = fields.featured_media.unwrap_or(post.featured_media);
    after.parent = fields.parent.unwrap_or(post.parent);
    after.menu_order = fields.menu_order.unwrap_or(post.menu_order);
    for (key, value) in &fields.meta {
        after.meta.insert(key.clone(), value.clone());
    }
    for (rest_base, ids) in &fields.terms {
        after.others.insert(rest_base.clone(), serde_json::json!(ids));
    }
    after
}

/// The hash of what was left there, with the parts of what is there `now`, last changed at a time, that are as an attempt since
/// wrote them: equal to `now` where nobody else wrote anything.
pub fn with_written(left: &str, writing: &Writing, now: &str, modified: Option<DateTime<Utc>>) -> String {
    let is_hash = |hash: &str| hash.split('.').count() == PostPart::ALL.len();
    if ![left, writing.hash.as_str(), now].into_iter().all(is_hash) {
        return left.to_owned();
    }
    let is_soon = modified.is_some_and(|at| (at - writing.at).num_seconds().abs() <= SOON);
    let states = left.split('.').zip(now.split('.')).zip(writing.hash.split('.'));
    let known = states.zip(PostPart::ALL).map(|(((left, now), ours), part)| {
        // Slugs alone are made others of: a text that is not as it was written is somebody's.
        let is_numbered = is_soon && part == PostPart::Slug;
        let is_ours = !ours.is_empty() && (ours == now || is_numbered);
        if is_ours { now } else { left }
    });
    known.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn post(fields: serde_json::Value) -> Post {
        let mut post = json!({ "id": 1, "status": "publish", "slug": "a", "title": "A", "content": "a", "author": 2,
            "date_gmt": "2026-01-01T00:00:00", "categories": [1] });
        for (key, value) in fields.as_object().unwrap() {
            post[key] = value.clone();
        }
        serde_json::from_value(post).unwrap()
    }

    fn hash(fields: serde_json::Value) -> String {
        post(fields).hash(&[Taxonomy::categories()])
    }

    #[test]
    fn what_we_wrote_is_told_from_what_they_wrote() {
        let at: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let fields = PostFields {
            title: Some("B".into()),
            slug: Some("b".into()),
            author: Some(3),
            terms: [("categories".to_owned(), vec![2])].into(),
            ..PostFields::default()
        };
        let taxonomies = [Taxonomy::categories()];
        let writing = Writing {
            hash: mark(&post(json!({})), &fields, &taxonomies),
            at,
        };
        let left = hash(json!({}));
        let all = json!({ "title": "B", "slug": "b", "author": 3, "categories": [2] });
        let (soon, late) = (at + chrono::Duration::seconds(50), at + chrono::Duration::hours(1));
        for (what, now, modified, theirs) in [
            ("nothing", json!({}), late, vec![]),
            ("all of it", all, late, vec![]),
            ("some of it", json!({ "title": "B" }), late, vec![]),
            (
                "another text, later",
                json!({ "title": "C" }),
                late,
                vec![PostPart::Title],
            ),
            (
                "another text, at once",
                json!({ "title": "C" }),
                soon,
                vec![PostPart::Title],
            ),
            (
                "other terms, at once",
                json!({ "title": "B", "categories": [3] }),
                soon,
                vec![PostPart::Terms],
            ),
            ("a numbered slug", json!({ "slug": "b-2", "title": "B" }), soon, vec![]),
            (
                "another author, at once",
                json!({ "author": 4 }),
                soon,
                vec![PostPart::Author],
            ),
            (
                "a part that was not written",
                json!({ "content": "b", "title": "B" }),
                soon,
                vec![PostPart::Content],
            ),
        ] {
            let now = hash(now);
            let known = with_written(&left, &writing, &now, Some(modified));
            assert_eq!(PostPart::changed(&known, &now), theirs, "{what}");
        }
        assert_eq!(with_written("old", &writing, &left, Some(at)), "old");
    }

    #[test]
    fn only_parts_that_are_written_have_a_mark() {
        let date = "2026-02-03T04:05:06.789Z".parse().unwrap();
        for (fields, expected) in [
            (PostFields::default(), vec![]),
            (
                PostFields {
                    date_gmt: Some(date),
                    ..PostFields::default()
                },
                vec![PostPart::Status],
            ),
            (
                PostFields {
                    meta: [("_yoast_wpseo_title".to_owned(), json!("x"))].into_iter().collect(),
                    ..PostFields::default()
                },
                vec![PostPart::Seo],
            ),
        ] {
            let mark = mark(&post(json!({})), &fields, &[]);
            let marks = mark.split('.').zip(PostPart::ALL).filter(|(mark, _)| !mark.is_empty());
            assert_eq!(marks.map(|(_, part)| part).collect::<Vec<_>>(), expected);
        }
        let scheduled = PostFields {
            date_gmt: Some(date),
            ..PostFields::default()
        };
        let mark = mark(&post(json!({})), &scheduled, &[]);
        let there = post(json!({ "date_gmt": "2026-02-03T04:05:06" })).hash(&[]);
        assert!(mark.split('.').any(|mark| !mark.is_empty() && there.contains(mark)));
        let unnamed = PostFields {
            status: Some("publish".into()),
            ..PostFields::default()
        };
        let draft = post(json!({ "status": "draft", "slug": "" }));
        assert_eq!(parts(&draft, &unnamed), [PostPart::Slug, PostPart::Status]);
    }
}
