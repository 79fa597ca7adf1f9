//! Blocks that posts share ("reusable blocks", "patterns"): a post names one by its id, and WordPress puts its text in when it shows
//! the post.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::compiled;
use crate::lenient;

static NAMED: LazyLock<Regex> = LazyLock::new(|| compiled(r"<!--\s+wp:(?:core/)?block\s+(\{[^<>]*\})\s+/-->"));

/// Blocks that are put into one text, those within others too, and bytes of them.
const MOST: usize = 20;
const MOST_BYTES: usize = 256 << 10;

/// Ids of the shared blocks that a text names.
pub fn shared_blocks(raw: &str) -> Vec<u64> {
    NAMED.captures_iter(raw).filter_map(|found| id_of(&found[1])).collect()
}

fn id_of(attributes: &str) -> Option<u64> {
    let attributes: Value = serde_json::from_str(attributes).ok()?;
    lenient::as_number(attributes.get("ref")?)
}

/// What may still be put in.
struct Room {
    blocks: usize,
    bytes: usize,
}

/// The text with the blocks it names, as far as they are known. A block within itself is left out, as WordPress does.
pub(super) fn put_in<'t>(raw: &str, shared: &dyn Fn(u64) -> Option<&'t str>) -> String {
    let mut room = Room {
        blocks: MOST,
        bytes: MOST_BYTES,
    };
    within(raw, shared, &mut Vec::new(), &mut room)
}

fn within<'t>(text: &str, shared: &dyn Fn(u64) -> Option<&'t str>, above: &mut Vec<u64>, room: &mut Room) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for found in NAMED.captures_iter(text) {
        let id = id_of(&found[1]).filter(|id| !above.contains(id));
        let inside = id.and_then(|id| Some((id, shared(id)?)));
        let (Some(whole), Some((id, inside))) = (found.get(0), inside) else {
            continue;
        };
        if room.blocks == 0 || inside.len() > room.bytes {
            continue;
        }
        room.blocks -= 1;
        room.bytes -= inside.len();
        out.push_str(&text[done..whole.start()]);
        above.push(id);
        out.push_str(&within(inside, shared, above, room));
        above.pop();
        done = whole.end();
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_blocks_are_put_in_within_bounds() {
        let long = "x".repeat(200 << 10);
        let shared = |id: u64| match id {
            1 => Some("<p>one</p>"),
            2 => Some("<p>two</p><!-- wp:block {\"ref\":1} /-->"),
            3 => Some("<p>three</p><!-- wp:block {\"ref\":4} /-->"),
            4 => Some("<p>four</p><!-- wp:block {\"ref\":3} /-->"),
            5 => Some(long.as_str()),
            _ => None,
        };
        for (raw, expected) in [
            ("a<!-- wp:block {\"ref\":1} /-->b", "a<p>one</p>b"),
            ("<!-- wp:core/block {\"ref\":2} /-->", "<p>two</p><p>one</p>"),
            (
                "<!-- wp:block {\"ref\":3} /-->",
                "<p>three</p><p>four</p><!-- wp:block {\"ref\":3} /-->",
            ),
            ("<!-- wp:block {\"ref\":9} /-->", "<!-- wp:block {\"ref\":9} /-->"),
            ("<!-- wp:block {\"id\":1} /-->", "<!-- wp:block {\"id\":1} /-->"),
        ] {
            assert_eq!(put_in(raw, &shared), expected, "{raw}");
        }
        let many = "<!-- wp:block {\"ref\":1} /-->".repeat(50);
        assert_eq!(put_in(&many, &shared).matches("one").count(), MOST);
        let much = "<!-- wp:block {\"ref\":5} /-->".repeat(2);
        assert!(put_in(&much, &shared).len() < 300 << 10);
        assert_eq!(
            shared_blocks("<!-- wp:block {\"ref\":7} /--> <!-- wp:paragraph -->"),
            [7]
        );
    }
}
