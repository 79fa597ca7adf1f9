//! Texts of WordPress as content has them: an import makes them so, and what it would make of a post is not to be written there.

use igny8_wordpress::Post;

/// HTML as one line of plain text.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for token in html5gum::Tokenizer::new(html).flatten() {
        match token {
            html5gum::Token::String(part) => text.push_str(&String::from_utf8_lossy(&part)),
            // Words that only tags part.
            html5gum::Token::StartTag(tag) if matches!(tag.name.as_slice(), b"br" | b"p" | b"li" | b"div") => {
                text.push(' ')
            }
            _ => {}
        }
    }
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text, at most so many letters.
pub fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect::<String>().trim().to_owned()
}

/// Whether a text of a SEO plugin is a pattern that it fills in: `%%title%% %%sep%%`, `%title%`.
fn is_pattern(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.any(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        && text.matches('%').count() > 1
}

/// The title of a post.
pub fn title_of(post: &Post) -> String {
    title(&post.title)
}

/// The excerpt of a post.
pub fn excerpt_of(post: &Post) -> String {
    excerpt(&post.excerpt)
}

/// A title, which is HTML there.
pub fn title(html: &str) -> String {
    let title = cut(&plain(html), 200);
    if title.is_empty() { "Untitled".into() } else { title }
}

/// An excerpt, which is HTML there.
pub fn excerpt(html: &str) -> String {
    cut(&plain(html), 1000)
}

/// How a post is shown, a line for each: whether it has a password, never which.
pub fn showing(post: &Post) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let or = |text: &str, usual: &str| {
        if text.is_empty() {
            usual.to_owned()
        } else {
            text.to_owned()
        }
    };
    [
        format!("password: {}", yes(!post.password.is_empty())),
        format!("sticky: {}", yes(post.sticky)),
        format!("format: {}", or(&post.format, "standard")),
        format!("template: {}", or(&post.template, "default")),
        format!("comments: {}", or(&post.comment_status, "none")),
    ]
    .join("\n")
}

/// A title of an SEO plugin; a pattern is none.
pub fn seo_title(text: &str) -> String {
    seo_text(text, 200)
}

/// A description of an SEO plugin; a pattern is none.
pub fn seo_description(text: &str) -> String {
    seo_text(text, 500)
}

fn seo_text(text: &str, most: usize) -> String {
    if is_pattern(text) {
        String::new()
    } else {
        cut(&plain(text), most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let post: Post = serde_json::from_value(serde_json::json!({
            "id": 1, "password": "secret", "sticky": true, "template": "wide.php", "comment_status": "open",
        }))
        .unwrap();
        assert_eq!(
            showing(&post),
            "password: yes\nsticky: yes\nformat: standard\ntemplate: wide.php\ncomments: open"
        );
    }

    #[test]
    fn texts_are_plain() {
        for (html, expected) in [
            ("A &amp; B <i>c</i>", "A & B c"),
            ("a<br>b\n c", "a b c"),
            ("1 < 2", "1 < 2"),
            ("<script>x</script>", "x"),
            ("\u{1f34e}\0", "\u{1f34e}"),
            ("", ""),
        ] {
            assert_eq!(plain(html).replace('\u{fffd}', "").trim(), expected, "{html}");
        }
        assert!(is_pattern("%%title%% %%sep%% %%sitename%%") && is_pattern("%title% - x"));
        assert!(!is_pattern("100% sure") && !is_pattern("50% and 20% off") && !is_pattern(""));
    }
}
