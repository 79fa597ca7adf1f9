//! Blocks of content: kept in the renderer's own form, so that what is stored is what is shown.

use igny8_renderer::blocks::{Block, Part};
use serde_json::Value;

use crate::api::validate::Check;

/// Blocks of one piece of content, and bytes of all of them as JSON.
pub const MAX_BLOCKS: usize = 100;
pub const MAX_BYTES: usize = 1 << 20;

/// Checks blocks as a request may have sent them: each must be one that the renderer knows, with links that can be followed.
pub fn check(blocks: &[Value], check: &mut Check) {
    let bytes: usize = blocks.iter().map(|block| block.to_string().len()).sum();
    check
        .that(
            blocks.len() <= MAX_BLOCKS,
            "blocks",
            format!("must be at most {MAX_BLOCKS}"),
        )
        .that(bytes <= MAX_BYTES, "blocks", "must be at most 1 MiB together");
    for (n, block) in blocks.iter().take(MAX_BLOCKS).enumerate() {
        let field = format!("blocks.{n}");
        let mut block: Block = match serde_json::from_value(block.clone()) {
            Ok(block) => block,
            Err(error) => {
                check.that(false, &field, format!("is no block: {error}"));
                continue;
            }
        };
        let mut targets = Vec::new();
        block.visit(&mut |part| match part {
            Part::Image(target) | Part::Link(target) => targets.push(target.clone()),
            Part::Text(_) => {}
        });
        if let Block::Form(form) = &block
            && !form.action.trim().is_empty()
        {
            targets.push(form.action.clone());
        }
        for target in targets {
            check.that(
                is_target(&target),
                &field,
                format!("links to {target:?}, which is neither a path nor an http, mailto or tel address"),
            );
        }
    }
}

/// Brings blocks into the form in which the renderer writes them: without what is usual anyway, keys in the order in which
/// the database gives them back. What is no block stays as it is, for [`check`] to refuse.
pub fn tidy(blocks: &mut [Value]) {
    for block in blocks {
        if let Ok(known) = serde_json::from_value::<Block>(block.clone())
            && let Ok(value) = serde_json::to_value(known)
        {
            *block = value;
        }
        block.sort_all_objects();
    }
}

/// Whether somebody who follows it stays on pages: no script, no data.
fn is_target(target: &str) -> bool {
    let target = target.trim();
    // The part before a colon is a scheme, unless a slash, a question mark or a number sign comes first.
    let scheme = target
        .find([':', '/', '?', '#'])
        .filter(|at| target.as_bytes()[*at] == b':');
    !target.contains(char::is_control)
        && scheme.is_none_or(|at| {
            matches!(
                target[..at].to_ascii_lowercase().as_str(),
                "http" | "https" | "mailto" | "tel"
            )
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn targets() {
        for good in [
            "",
            "/a/",
            "#b",
            "a.html",
            "https://x.example/",
            "MAILTO:a@x.example",
            "tel:1",
            "/a:b",
            "?a=b:c",
        ] {
            assert!(is_target(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            " JavaScript:x",
            "data:text/html,x",
            "vbscript:x",
            "java\nscript:x",
        ] {
            assert!(!is_target(bad), "{bad}");
        }
    }

    #[test]
    fn blocks_are_known_ones_with_safe_links() {
        let wrong = |blocks: &[Value]| {
            let mut found = Check::new();
            check(blocks, &mut found);
            found.finish().is_err()
        };
        assert!(!wrong(&[
            json!({ "type": "hero", "heading": "H" }),
            json!({ "type": "faq" })
        ]));
        for bad in [
            json!({ "type": "carousel" }),
            json!({ "type": "text", "txt": "a" }),
            json!("hero"),
            json!({ "type": "cta", "links": [{ "label": "a", "url": "javascript:x" }] }),
            json!({ "type": "form", "action": "javascript:x" }),
            json!({ "type": "image", "image": "data:image/svg+xml,x" }),
        ] {
            assert!(wrong(std::slice::from_ref(&bad)), "{bad}");
        }
        assert!(wrong(&vec![json!({ "type": "faq" }); MAX_BLOCKS + 1]));
    }

    #[test]
    fn blocks_are_tidied_once() {
        let mut blocks = vec![
            json!({ "type": "hero", "text": "", "heading": "H", "variant": "split" }),
            json!(1),
        ];
        tidy(&mut blocks);
        assert_eq!(blocks, [json!({ "heading": "H", "type": "hero" }), json!(1)]);
        let before = blocks.clone();
        tidy(&mut blocks);
        assert_eq!(blocks, before);
    }
}
