//! Marks of kramdown, Jekyll's Markdown, that other Markdown would show as text.

/// Longest attribute list after a link, in bytes.
const MAX_SPAN: usize = 512;

/// Removes kramdown's `{: .class}` lists, which other Markdown shows as text, outside code blocks. The id that one gives to the
/// heading before it stays as that of the heading, `{#id}`. A list that is only a place for a table of contents (`{:toc}`)
/// goes with its mark.
pub(super) fn strip_attribute_lists(text: &str) -> String {
    if !text.contains("{:") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<(char, usize)> = None;
    let mut last_start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'));
        let run = mark.map_or(0, |m| bare.chars().take_while(|c| *c == m).count());
        match fence {
            Some((m, n)) if mark == Some(m) && run >= n && bare.len() == run => fence = None,
            None if run >= 3 => fence = mark.map(|m| (m, run)),
            _ => {}
        }
        let end = if line.ends_with('\n') { "\n" } else { "" };
        if fence.is_some() || line.starts_with("    ") || !line.contains("{:") {
            last_start = out.len();
            out.push_str(line);
        } else if bare.starts_with("{:") && bare.ends_with('}') && !bare[2..bare.len() - 1].contains('}') {
            if bare.trim_start_matches("{:").trim().starts_with("toc") {
                out.truncate(last_start);
                out.push('\n');
            } else if let (Some(id), Some(at)) = (id_of(&bare[2..bare.len() - 1]), heading_end(&out, last_start)) {
                out.insert_str(at, &format!(" {{#{id}}}"));
            }
            last_start = out.len();
            out.push_str(end);
        } else {
            last_start = out.len();
            out.push_str(&strip_spans(line));
        }
    }
    out
}

/// The id in an attribute list.
fn id_of(list: &str) -> Option<&str> {
    let mut parts = list.trim_start_matches(':').split_whitespace();
    let id = parts.find_map(|part| part.strip_prefix('#').or_else(|| part.strip_prefix("id=")))?;
    let id = id.trim_matches(['"', '\'']);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
    (!id.is_empty() && id.chars().all(plain)).then_some(id)
}

/// Where the words of the heading end that is the end of `text`, if it is one without an id. `last` is where its last line begins.
fn heading_end(text: &str, last: usize) -> Option<usize> {
    let is_heading = |line: &str| {
        let marks = line.trim_start_matches('#');
        (1..=6).contains(&(line.len() - marks.len())) && marks.starts_with([' ', '\t'])
    };
    let line = text[last..].trim();
    let words = if is_heading(line) {
        text
    } else if !line.is_empty() && (line.bytes().all(|b| b == b'=') || line.bytes().all(|b| b == b'-')) {
        &text[..last]
    } else {
        return None;
    };
    let end = words.trim_end().len();
    let line = text[..end].rsplit('\n').next().unwrap_or_default();
    (!line.trim().is_empty() && !line.ends_with('}')).then_some(end)
}

/// Attribute lists right after a link, emphasis or code.
fn strip_spans(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("{:") {
        let follows = rest[..at].ends_with([')', '*', '_', '`', ']', '>']);
        let window = &rest[at..rest.floor_char_boundary((at + MAX_SPAN).min(rest.len()))];
        let close = window.find('}').filter(|_| follows);
        match close {
            Some(len) => {
                out.push_str(&rest[..at]);
                rest = &rest[at + len + 1..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_lists_leave() {
        for (text, want) in [
            ("A [link](x){: target=\"_blank\"} b", "A [link](x) b"),
            ("text\n{: .note}\nmore", "text\n\nmore"),
            ("* TOC\n{:toc}\n\n# A", "\n\n\n# A"),
            ("```\n{: .note}\n```\n", "```\n{: .note}\n```\n"),
            ("a {: b", "a {: b"),
            ("## A *b*\n{: #x-1 .c}\nd", "## A *b* {#x-1}\n\nd"),
            ("# A  \n{:.c id=\"é\"}\n", "# A {#é}  \n\n"),
            ("A\n===\n{:#x}", "A {#x}\n===\n"),
            ("A\n{: #x}", "A\n"),
            ("# A {#own}\n{: #x}", "# A {#own}\n"),
            ("#A\n{: #x}", "#A\n"),
            ("# A\n\n{: #x}", "# A\n\n"),
            ("---\n{: #x}", "---\n"),
            ("# A\n{: #x<y}", "# A\n"),
        ] {
            assert_eq!(strip_attribute_lists(text), want, "{text:?}");
        }
    }
}
